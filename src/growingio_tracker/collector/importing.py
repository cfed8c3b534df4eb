"""Events that were exported, and requests that were recorded: received once more."""

import time
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote

import msgspec
from starlette.types import Scope

from growingio_tracker.collector.receive import Receiver
from growingio_tracker.collector.recorded import Recorded
from growingio_tracker.collector.rows import REQUEST
from growingio_tracker.collector.store import Received
from growingio_tracker.wire import SCHEMAS, Kind

_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Line(msgspec.Struct, frozen=True):
    """One event as an export has it: the message, and where it was sent."""

    kind: str
    message: msgspec.Raw
    project: str | None = None
    run: str | None = None
    request_id: int | None = None
    received_ms: _Milliseconds | None = None


_read_line = msgspec.json.Decoder(Line).decode
_KINDS: Final = {kind.value: kind for kind in Kind}


class _Target(NamedTuple):
    """What lines must share to come in one request."""

    request_id: int | None
    received_ms: int | None
    kind: str
    project: str | None
    run: str | None


def read_line(text: bytes) -> Line | None:
    """Return the event of one line; None for one that was never readable as a message.

    :raises msgspec.MsgspecError: when it is no event.
    """
    line = _read_line(text)
    if line.kind == REQUEST or bytes(line.message) == b"null":
        return None
    if line.kind not in _KINDS:
        raise msgspec.ValidationError(f"kind is {' or '.join(_KINDS)}, not {line.kind[:40]!r}")
    return line


def requests_of(lines: list[Line]) -> Iterator[Recorded]:
    """Yield the requests that send ``lines`` again; neighbours of one request stay together."""
    for target, group in groupby(lines, _target):
        messages = b",".join(bytes(line.message) for line in group)
        yield Recorded(
            target=_address(target),
            headers=(("content-type", "application/json"),),
            body=b"[" + messages + b"]",
            received_ms=target.received_ms,
        )


def _target(line: Line) -> _Target:
    return _Target(line.request_id, line.received_ms, line.kind, line.project, line.run)


def _address(target: _Target) -> str:
    path = SCHEMAS[_KINDS[target.kind]].path.format(quote(target.project or "imported", safe=""))
    apart = target.run is not None and target.run != target.project
    return f"/run/{quote(target.run or '', safe='')}{path}" if apart else path


def receive(recorded: Recorded, receiver: Receiver) -> Received:
    """Let ``receiver`` take ``recorded`` once more; to be run by the writer."""
    received_us = time.time_ns() // 1000
    if recorded.received_ms is not None:
        received_us = recorded.received_ms * 1000
    return receiver.take_again(_scope(recorded), received_us, recorded.body)


def _scope(recorded: Recorded) -> Scope:
    path, _, query = recorded.target.partition("?")
    return {
        "type": "http",
        "method": recorded.method,
        "path": path,
        "raw_path": _as_sent(path),
        "query_string": _as_sent(query),
        "headers": [(_as_sent(name.lower()), _as_sent(value)) for name, value in recorded.headers],
    }


def _as_sent(text: str) -> bytes:
    return text.encode("latin-1", "replace")
