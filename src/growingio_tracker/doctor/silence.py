"""Why no answer came over a connection that had opened."""

from __future__ import annotations

from http.client import BadStatusLine, RemoteDisconnected
from typing import Final

from urllib3.exceptions import ProtocolError
from urllib3.exceptions import TimeoutError as TimedOutError

from growingio_tracker.doctor.finding import Finding, finding
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import TransportError


def explain_silence(name: str, error: TransportError, target: Target) -> Finding:
    """Return why there is no answer, and what to do."""
    if isinstance(error.__cause__, TimedOutError):
        seconds = f"{target.timeout_s:g}"
        said = (f"no answer within {seconds} s", f"{seconds} 秒内没有应答")
        return finding(name, "bad", said, _SLOW)
    return finding(name, "bad", *_broken(error))


_SLOW: Final = (
    "The server or what stands before it is too slow; try --timeout, and raise request_timeout.",
    "服务器或其前面的设备太慢；可用 --timeout 再试，并调大 request_timeout。",
)
_BETWEEN: Final = (
    "Check the port in server_host, and what stands between here and the server.",
    "请检查 server_host 中的端口，以及本机与服务器之间的设备。",
)


def _broken(error: TransportError) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what happened, and what to do."""
    cause = error.__cause__
    inner = cause.args[-1] if isinstance(cause, ProtocolError) and cause.args else cause
    # Of these two the first is also a ConnectionResetError and the second.
    if isinstance(inner, RemoteDisconnected):
        closed = (
            "the server closed the connection without an answer",
            "服务器没有应答就关闭了连接",
        )
        return closed, _BETWEEN
    if isinstance(inner, BadStatusLine):
        return ("what answers there does not speak HTTP", "该端口返回的不是 HTTP"), _BETWEEN
    if isinstance(inner, ConnectionResetError):
        return ("the connection was reset", "连接被重置"), _BETWEEN
    return (str(error), f"没有应答：{error}"), _BETWEEN
