"""Listening on ports, and saying who has one that is taken."""

import errno
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from growingio_tracker.collector.settings import LOOPBACK
from growingio_tracker.exceptions import GrowingParamException

_BACKLOG: Final = 2048
_TRIED: Final = 100
"""Ports after the first that are tried for a free one."""

_PROBE_S: Final = 0.5


def listen(port: int, bind: str = LOOPBACK, *, next_port: bool = False) -> socket.socket:
    """Return a socket that listens on ``port``; 0 takes any free port.

    :param bind: the address of this machine to listen on.
    :param next_port: take the next free port when this one is in use.
    :raises GrowingParamException: when the port is taken or may not be used.
    """
    for candidate in _candidates(port, next_port):
        try:
            return _listening(candidate, bind)
        except (OSError, OverflowError) as error:
            if not (next_port and _in_use(error)) or candidate == port + _TRIED:
                raise GrowingParamException(_explained(candidate, bind, error)) from error
    raise GrowingParamException(f"port: {port} and all after it are in use. Choose a lower one.")


def _candidates(port: int, next_port: bool) -> Iterator[int]:
    last = min(port + _TRIED, 65535) if next_port and port else port
    yield from range(port, last + 1)


def _listening(port: int, bind: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # On Windows the option would let two programs share the port.
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((bind, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _in_use(error: OSError | OverflowError) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


def _explained(port: int, bind: str, error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return f"port: {port} is not a port; it must be from 0 to 65535."
    if _in_use(error):
        return (
            f"port: {port} on {bind} is already in use by {_user_of(port)}. "
            "Stop that program or choose another port (0 takes any free one)."
        )
    if error.errno == errno.EACCES:
        return (
            f"port: {port} on {bind} cannot be used ({error.strerror}). Ports below 1024 need "
            "more rights on most systems; choose another one, or ask for those rights."
        )
    return f"port: {port} on {bind} cannot be used ({error.strerror}). Choose another one."


def _user_of(port: int) -> str:
    """Say what answers on the port: another collector tells its release."""
    try:
        with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_S)) as connection:
            connection.request("GET", "/api/v1/info")
            about: Any = json.loads(connection.getresponse().read(10_000))
            return f"another collector (growingio_tracker {about['version']!s:.20})"
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return "another program"


def addresses_of(bind: str) -> list[str]:
    """Return the addresses that reach ``bind``, the one for this machine first."""
    if bind != "0.0.0.0":  # noqa: S104 - compared, not bound
        return [bind]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: it only asks which of the own addresses would be used.
            probe.connect(("192.0.2.1", 9))
            own: str = probe.getsockname()[0]
        except OSError:
            return [LOOPBACK]
    return [LOOPBACK, own]
