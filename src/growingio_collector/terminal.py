"""Terminal output: one line per event, safe to print although its content is untrusted."""

import json
import re
import time
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

import msgspec

from growingio_collector.rules.issue import Issue
from growingio_collector.store.rows import Event, show_event
from growingio_wire.json_text import as_text, written_attributes, written_members
from growingio_wire.said import harmless

_SHOWN_ATTRIBUTES: Final = 4
_SHOWN_CHARACTERS: Final = 60

_NOT_PLAIN: Final = re.compile(r"[\t\n\r]|[^ -~]")


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return harmless(short)


def _value(value: object) -> str:
    return _shown(as_text(value))


def _pairs(event: Event) -> Iterator[tuple[str, Any]]:
    """Yield values that distinguish the event, the most telling first."""
    if event.kind == "item":
        own: list[tuple[str, object]] = [("id", written_members(event.raw).get("id"))]
    else:
        own = [("user", event.user_id)]
    own += [] if event.user_id else [("device", event.device_id)]
    yield from ((key, value) for key, value in own if value is not None)
    yield from islice(written_attributes(event.raw).items(), _SHOWN_ATTRIBUTES)


def line(event: Event, *, is_chinese: bool = False) -> str:
    """Return ``event`` as one line: time, verdict, what it is, who, first attributes, problems."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.received_ms / 1000))
    what = (event.kind if event.type is None else event.type, event.name or "")
    pairs = (f"{_shown(key)}={_value(value)}" for key, value in _pairs(event))
    issues = (f"! {harmless(_said(issue, is_chinese))}" for issue in event.issues)
    start = f"{clock}.{event.received_ms % 1000:03d} {event.verdict:4}"
    return " ".join(part for part in chain((start,), map(_shown, what), pairs, issues) if part)


def _said(issue: Issue, is_chinese: bool) -> str:
    found, advice = issue.found, issue.advice
    return f"{found.zh}{advice.zh}" if is_chinese else f"{found.en} {advice.en}"


def json_line(event: Event) -> str:
    r"""Return ``event`` as one line of JSON in ASCII, as the API shows it.

    Everything that a terminal might interpret is escaped as ``\uXXXX``.
    """
    text = msgspec.json.encode(show_event(event)).decode()
    # White space stands between values only; within strings it is escaped.
    return _NOT_PLAIN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return " " if found[0].isspace() else json.dumps(found[0])[1:-1]
