"""One line per event, safe to print: everything received is text from a stranger."""

import json
import time
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

import msgspec

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Event, as_object
from growingio_tracker.collector.show import show_event

_SHOWN_ATTRIBUTES: Final = 4
_SHOWN_CHARACTERS: Final = 60

# Control, format (bidirectional overrides), surrogate, private, unassigned; line separators.
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Format characters that emoji and several scripts cannot do without, and that move nothing."""


def harmless(text: str) -> str:
    r"""Return ``text`` with everything a terminal might obey written out (``\x1b``)."""
    if text.isprintable():
        return text
    return "".join(_harmless_character(character) for character in text)


def _harmless_character(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _HARMFUL:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return harmless(short)


def _value(value: object) -> str:
    return _shown(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _pairs(event: Event) -> Iterator[tuple[str, Any]]:
    """Yield what tells this event from others, the most telling first."""
    message = event.message or {}
    own = [("id", message.get("id"))] if event.kind == "item" else [("user", event.user_id)]
    own += [] if event.user_id else [("device", event.device_id)]
    yield from ((key, value) for key, value in own if value is not None)
    attributes = as_object(message.get("identifies")) or event.attributes
    yield from islice(attributes.items(), _SHOWN_ATTRIBUTES)


def line(event: Event, *, is_chinese: bool = False) -> str:
    """Return ``event`` as one line: time, verdict, what it is, who, first attributes, problems."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.received_ms / 1000))
    what = (event.kind if event.type is None else event.type, event.name or "")
    pairs = (f"{_shown(key)}={_value(value)}" for key, value in _pairs(event))
    problems = (f"! {harmless(_said(problem, is_chinese))}" for problem in event.problems)
    start = f"{clock}.{event.received_ms % 1000:03d} {event.verdict:4}"
    return " ".join(part for part in chain((start,), map(_shown, what), pairs, problems) if part)


def _said(problem: Problem, is_chinese: bool) -> str:
    if is_chinese:
        return f"{problem.sentence_zh}{problem.fix_zh}"
    return f"{problem.sentence} {problem.fix}"


def json_line(event: Event) -> str:
    r"""Return ``event`` as one line of JSON in ASCII, as the API shows it.

    Everything a terminal might obey is written as ``\uXXXX``, which JSON reads back.
    """
    return json.dumps(json.loads(msgspec.json.encode(show_event(event))))
