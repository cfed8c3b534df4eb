"""What the collector shows: problems, decoding steps, events and requests."""

import json
from functools import cached_property
from typing import Any, Final, cast

import msgspec

from growingio_tracker.collector.problems.problem import Problem

REQUEST: Final = "request"
"""The kind of a row that stands for a request from which no message could be read."""


def as_object(value: object) -> dict[str, Any] | None:
    """Return ``value``, decoded JSON, if it is an object, and None if not."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def read_object(text: str | bytes | msgspec.Raw) -> dict[str, Any] | None:
    """Return the object in ``text``, which is JSON; None when it is no object."""
    try:
        return as_object(msgspec.json.decode(text))
    except msgspec.ValidationError:
        # Numbers such as 1e999 are JSON, but only the standard library reads them.
        return as_object(json.loads(text if isinstance(text, str) else bytes(text)))


class Step(msgspec.Struct, frozen=True):
    """One step that made messages of a body: ``name`` (``"xor"``), ``detail`` (the key used).

    ``detail_zh`` says the same as ``detail`` in Chinese. ``ok`` is False for the step that
    failed; its ``detail`` is the reason, and ``offset`` the place in its input, in bytes, where
    it failed. ``in_bytes`` and ``out_bytes``
    are the sizes before and after; ``head_hex`` the first bytes of the output, in hexadecimal.
    None means that it is not known or there is none.
    """

    name: str
    detail: str
    ok: bool = True
    in_bytes: int | None = None
    out_bytes: int | None = None
    head_hex: str = ""
    offset: int | None = None
    detail_zh: str = ""


class Event(msgspec.Struct, frozen=True, dict=True):
    """One received message, or a request that held none that could be read.

    ``kind`` is ``"event"``, ``"item"``, ``"mapping"``, or ``"request"`` for a request from which
    nothing could be read. ``client`` names the SDK that sent it (``"Python 1.0.5"``), ``run`` the
    part of the host's path that keeps parallel tests apart. ``name`` is the event name, for an
    item its key. ``timestamp`` is the
    event's own time and ``received_ms`` the time of receipt, both in Unix milliseconds.
    ``verdict`` is ``"ok"``, ``"warn"`` or ``"bad"``: the worst level in ``problems``. Anything
    the message did not hold is None.
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
    problems: tuple[Problem, ...]
    raw: msgspec.Raw = msgspec.field(name="message")

    @cached_property
    def message(self) -> dict[str, Any] | None:
        """The message with its JSON names, also when it came as protobuf.

        None when it could not be read as an object. Numbers that JSON does not know (``NaN``)
        stand here as text.
        """
        return read_object(self.raw)

    @property
    def attributes(self) -> dict[str, Any]:
        """The message's attributes; empty when it has none or they are not an object."""
        return as_object((self.message or {}).get("attributes")) or {}


class Request(msgspec.Struct, frozen=True):
    """One received request as it came.

    ``target`` is the path and query of the request line. ``headers`` keep their order; their
    names are in lower case. ``body`` (``body_base64`` in JSON) is what arrived, before any
    decoding. ``answered`` is the HTTP status, 0 when the client was gone before. ``reason`` is
    None when everything was read.
    """

    id: int
    received_ms: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = msgspec.field(name="body_base64")
    answered: int
    steps: tuple[Step, ...]
    reason: Problem | None
    client: str | None
    run: str | None


class Totals(msgspec.Struct, frozen=True):
    """How much is stored: ``ok``, ``warn`` and ``bad`` count events, ``requests`` requests."""

    requests: int = 0
    ok: int = 0
    warn: int = 0
    bad: int = 0

    @property
    def events(self) -> int:
        """All events, whatever their verdict."""
        return self.ok + self.warn + self.bad
