"""Rows read from the store (events, requests and totals), and their form in the API."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from growingio_collector.rules.issue import Issue, explain
from growingio_wire.json_text import as_object, read_object


class Event(msgspec.Struct, frozen=True, dict=True):
    """One received message, or a request without a readable one.

    ``kind`` is ``"event"``, ``"item"``, ``"mapping"``, or ``"request"`` for a request from which
    nothing could be read. ``client`` names the SDK that sent it (``"Python 1.0.5"``), ``run`` the
    part of the host's path that keeps parallel tests apart. ``name`` is the event name, or the key
    of an item. ``timestamp`` is the event's own time and ``received_ms`` the time of receipt, both
    in Unix milliseconds. ``verdict`` is ``"ok"``, ``"warn"`` or ``"bad"``: the worst level in
    ``issues``. Values that the message does not contain are None.
    """

    id: int
    request_id: int
    received_ms: int
    project: str | None
    client: str | None
    run: str | None
    kind: str
    type: str | None
    name: str | None
    user_key: str | None
    user_id: str | None
    device_id: str | None
    timestamp: int | None
    verdict: str
    issues: tuple[Issue, ...] = msgspec.field(name="problems")
    raw: msgspec.Raw = msgspec.field(name="message")

    @cached_property
    def message(self) -> dict[str, Any] | None:
        """The message with its JSON names, even if it arrived as protobuf.

        None if it could not be read as an object. Numbers that JSON does not have (``NaN``) are
        strings.
        """
        return read_object(self.raw)

    @property
    def attributes(self) -> dict[str, Any]:
        """The message's attributes; empty if it has none or they are not an object."""
        return as_object((self.message or {}).get("attributes")) or {}


class Step(msgspec.Struct, frozen=True):
    """One step of decoding a body: ``name`` (``"xor"``), and ``detail`` (the key that was used).

    ``detail_zh`` says the same in Chinese. ``ok`` is False for the step that failed; its ``detail``
    is the reason, and ``offset`` the byte of its input at which it failed. ``in_bytes`` and
    ``out_bytes`` are the sizes before and after, ``head_hex`` the first bytes of the output in
    hexadecimal. None means unknown or not applicable.
    """

    name: str
    detail: str
    ok: bool = True
    in_bytes: int | None = None
    out_bytes: int | None = None
    head_hex: str = ""
    offset: int | None = None
    detail_zh: str = ""


class StoredRequest(msgspec.Struct, frozen=True):
    """One received request as it came.

    ``target`` is the path and query of the request line. ``headers`` keep their order; their
    names are in lower case. ``body`` (``body_base64`` in JSON) is what arrived, before any
    decoding. ``answered`` is the HTTP status, 0 if the client disconnected first. ``reason`` is
    None if everything was decoded.
    """

    id: int
    received_ms: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = msgspec.field(name="body_base64")
    answered: int
    steps: tuple[Step, ...]
    reason: Issue | None
    client: str | None
    run: str | None


class ListedRequest(NamedTuple):
    """One row: the request with an empty body, the body's size in bytes, and its outcome.

    ``events`` counts them by verdict; ``forward`` is None unless the request is forwarded.
    """

    request: StoredRequest
    size: int
    events: Mapping[str, int]
    forward: Mapping[str, Any] | None


class Totals(msgspec.Struct, frozen=True):
    """Number of stored events by verdict (``ok``, ``warn``, ``bad``), and of stored requests."""

    requests: int = 0
    ok: int = 0
    warn: int = 0
    bad: int = 0

    @property
    def events(self) -> int:
        """All events, whatever their verdict."""
        return self.ok + self.warn + self.bad


def show_event(event: Event) -> dict[str, Any]:
    """Return the JSON object of one event."""
    return {
        **{name: getattr(event, name) for name in _EVENT if name not in ("issues", "raw")},
        "problems": [explain(issue) for issue in event.issues],
        "message": event.raw,
    }


def one_line(shown: object) -> bytes:
    """Return the JSON of ``shown`` on one line.

    Line breaks can only be between the values of a message, not inside its strings.
    """
    return msgspec.json.encode(shown).replace(b"\n", b" ").replace(b"\r", b" ")


def show_request(request: StoredRequest) -> dict[str, Any]:
    """Return the JSON object of one request, its body in base64."""
    return {
        **{name: getattr(request, name) for name in _REQUEST if name not in ("reason", "body")},
        "body_base64": request.body,
        "reason": explain(request.reason) if request.reason else None,
    }


def show_listed(listed: ListedRequest) -> dict[str, Any]:
    """Return the JSON object of one row of a list of requests."""
    shown = show_request(listed.request)
    del shown["body_base64"]
    counts = {"size": listed.size, "events": listed.events, "forward": listed.forward}
    return {**shown, **counts}


_EVENT = [field.name for field in msgspec.structs.fields(Event)]
_REQUEST = [field.name for field in msgspec.structs.fields(StoredRequest)]
