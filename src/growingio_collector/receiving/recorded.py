"""Requests in recordings: one JSON object each, or a list under ``requests``."""

import string
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote

import msgspec
from starlette.types import Scope

from growingio_collector.receiving.examining import Kept
from growingio_collector.receiving.receiver import Receiver
from growingio_collector.rules.checked import REQUEST
from growingio_collector.rules.issue import Issue
from growingio_collector.store.received import Received
from growingio_wire.errors import invalid
from growingio_wire.json_text import is_json
from growingio_wire.table import SCHEMAS, Kind

_PRINTABLE: Final = string.printable.strip()


_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was sent, in the form of ``captures`` and exports.

    ``target`` is the path and query of the request line; ``body`` (``body_base64`` in JSON) what
    came before any decoding; ``received_ms`` the time of receipt in Unix milliseconds, None when
    it is not known. ``problems`` are those of each event, in their order, as they were found
    then; None if they are unknown.
    """

    target: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = msgspec.field(name="body_base64", default=b"")
    received_ms: _Milliseconds | None = None
    problems: tuple[tuple[Issue, ...], ...] | None = None
    client: str | None = None


class _Recording(msgspec.Struct):
    requests: list[Recorded]


def target_of(url: str) -> str:
    """Return the path and query of ``url``, which may lack the host, or the scheme and host.

    What is not ASCII is escaped, as it would be on the wire.
    """
    url = quote(url.partition("#")[0], safe=_PRINTABLE)
    if url.startswith("/"):
        return url
    rest = url.partition("://")[2] or url
    place = min(place for mark in "/?" if (place := (rest + mark).find(mark)) >= 0)
    target = rest[place:]
    return target if target.startswith("/") else f"/{target}"


def is_recorded(text: bytes) -> bool:
    """Tell whether ``text`` is an object with a request or with ``requests``."""
    start = text.lstrip()[:1]
    return start == b"{" and (b'"body_base64"' in text or b'"requests"' in text)


def read_recording(content: bytes) -> list[Recorded]:
    """Return the requests that a recording lists under ``requests``.

    :raises msgspec.DecodeError: when it is none.
    """
    return msgspec.json.decode(content, type=_Recording).requests


def read_recorded(text: bytes) -> list[Recorded]:
    """Return the requests of a recording that may be handwritten: a single one, or whole URLs.

    :raises GrowingParamException: if it is not JSON or lacks something; the sentence says what.
    """
    try:
        if b'"requests"' in text:
            found = read_recording(text)
        else:
            found = [msgspec.json.decode(text, type=Recorded)]
    except msgspec.DecodeError as error:
        raise invalid(
            f"The recording cannot be read: {error}. It must have target, method, headers "
            "(pairs) and body_base64, or a list of such objects under requests.",
            f"无法读取录制内容：{error}。应含有 target、method、headers（键值对）和 body_base64，"
            "或在 requests 下列出这样的对象。",
        ) from error
    return [msgspec.structs.replace(one, target=target_of(one.target)) for one in found]


class Line(msgspec.Struct, frozen=True):
    """One exported event: the message, where it was sent, and its problems."""

    kind: str
    message: msgspec.Raw
    project: str | None = None
    run: str | None = None
    request_id: int | None = None
    received_ms: _Milliseconds | None = None
    client: str | None = None
    problems: tuple[Issue, ...] | None = None

    def checked(self) -> "Line":
        """Return the same.

        :raises msgspec.ValidationError: its kind is unknown, or its message is no JSON.
        """
        if self.kind not in _KINDS and self.kind != REQUEST:
            raise msgspec.ValidationError(f"kind is {' or '.join(_KINDS)}, not {self.kind[:40]!r}")
        if not is_json(self.message):
            raise msgspec.ValidationError("the message is not JSON")
        return self


_read_line = msgspec.json.Decoder(Line).decode
_KINDS: Final = {kind.value: kind for kind in Kind}


class _Target(NamedTuple):
    """Values that all lines of a request share."""

    request_id: int | None
    received_ms: int | None
    kind: str
    project: str | None
    run: str | None
    client: str | None
    are_checked: bool


def read_line(text: bytes) -> Line:
    """Return the event of one line.

    :raises msgspec.MsgspecError: when it is not an event.
    """
    return _read_line(text).checked()


def requests_of(lines: list[Line]) -> Iterator[Recorded]:
    """Yield requests that send ``lines`` again; events of the same request stay together."""
    for target, group in groupby(lines, _target):
        some = list(group)
        messages = b",".join(bytes(line.message) for line in some)
        yield Recorded(
            target=_address(target),
            headers=(("content-type", "application/json"),),
            # The body of an unreadable request was not recorded.
            body=b"" if target.kind == REQUEST else b"[" + messages + b"]",
            received_ms=target.received_ms,
            problems=tuple(line.problems or () for line in some) if target.are_checked else None,
            client=target.client,
        )


def _target(line: Line) -> _Target:
    return _Target(
        line.request_id,
        line.received_ms,
        line.kind,
        line.project,
        line.run,
        line.client,
        line.problems is not None,
    )


def _address(target: _Target) -> str:
    path = SCHEMAS[_KINDS.get(target.kind, Kind.EVENT)].path.format(
        quote(target.project or "imported", safe="")
    )
    apart = target.run is not None and target.run != target.project
    return f"/run/{quote(target.run or '', safe='')}{path}" if apart else path


def receive(recorded: Recorded, receiver: Receiver) -> Received:
    """Let ``receiver`` receive ``recorded`` again."""
    received_us = time.time_ns() // 1000
    if recorded.received_ms is not None:
        received_us = recorded.received_ms * 1000
    kept = Kept(recorded.problems, recorded.client)
    return receiver.take_again(_scope(recorded), received_us, recorded.body, kept)


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
