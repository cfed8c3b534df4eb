"""Asking the server: with an empty list, and with test events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Final
from urllib.parse import urlencode

from urllib3.exceptions import TimeoutError as TimedOutError

from growingio_tracker._clock import now_ms
from growingio_tracker.doctor.answers import explain
from growingio_tracker.doctor.clock import look_at_clock
from growingio_tracker.doctor.encoding import UNNAMED, Encoded, encode
from growingio_tracker.doctor.finding import Finding, finding
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import TransportError
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.transport.base import Request, Response
from growingio_tracker.transport.endpoints import endpoints
from growingio_tracker.transport.http import HttpTransport
from growingio_tracker.wire import Kind


class Asker:
    """Asks one server. Close it at the end."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport = HttpTransport(target.base, verify_cert=target.verify_cert, connections=1)
        self._address = endpoints(target.base, target.product_id or UNNAMED)[Kind.EVENT]

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def look_at_answer(self) -> Iterator[Finding]:
        """Send an empty list of events, which changes nothing, and look at the answer."""
        asked = datetime.now(timezone.utc)
        try:
            response = self._post(Encoded(JsonParser(), b"[]", now_ms()))
        except TransportError as error:
            yield self._silent("answer", error)
            return
        yield _of_empty_list(response)
        yield look_at_clock(response, asked, datetime.now(timezone.utc))

    def send(self, form: str) -> Finding:
        """Send one test event in this format. The format must be installed."""
        name = f"send {form}"
        try:
            return explain(name, self._post(encode(self._target, form)))
        except TransportError as error:
            return self._silent(name, error)

    def _post(self, encoded: Encoded) -> Response:
        query = urlencode(encoded.parser.get_params(encoded.stm))
        return self._transport.exchange(
            Request(
                url=f"{self._address}?{query}",
                body=encoded.body,
                headers=encoded.parser.get_headers(),
                timeout_s=self._target.timeout_s,
            )
        )

    def _silent(self, name: str, error: TransportError) -> Finding:
        if isinstance(error.__cause__, TimedOutError):
            said = (
                f"no answer within {self._target.timeout_s:g} s",
                f"{self._target.timeout_s:g} 秒内没有应答",
            )
            return finding(name, "bad", said, _SLOW)
        return finding(name, "bad", (str(error), f"没有应答：{error}"), _BROKEN)


_SLOW: Final = (
    "The server or what stands before it is too slow; try --timeout, and raise request_timeout.",
    "服务器或其前面的设备太慢；可用 --timeout 再试，并调大 request_timeout。",
)
_BROKEN: Final = (
    "The connection opens and then breaks: check what stands between here and the server.",
    "连接建立后又中断：请检查本机与服务器之间的设备。",
)


def _of_empty_list(response: Response) -> Finding:
    if response.status in (400, 422):
        said = (
            f"the server answers, and refuses an empty list ({response.status})",
            f"服务器有应答，但不接受空列表（{response.status}）",
        )
        fix = ("Send a real event with --send.", "请用 --send 发送一个真实事件。")
        return finding("answer", "warn", said, fix)
    return explain("answer", response)
