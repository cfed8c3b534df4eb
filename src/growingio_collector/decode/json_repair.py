"""Repair of almost-JSON bodies, with ``NaN`` or broken text as some clients write them.

Such a body is read message by message, so that one bad event does not spoil its batch: its
neighbours stay as they were written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from growingio_collector.rules.bodies import LONE_SURROGATE, MAX_DEPTH, NOT_A_NUMBER, TOO_DEEP
from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.issue import Issue, Rule, Value
from growingio_wire.json_text import Pairs, WrittenNumber, verbatim_decoder

_MAX_ISSUES: Final = 20
"""Maximum number of issues for one message; more would not help."""

_MAX_PART: Final = 100
"""Maximum length of each part of a path in an issue."""

_WORDS: Final[Mapping[object, str]] = {True: "true", False: "false", None: "null"}
_HALF: Final = re.compile("[\ud800-\udfff]")


_BETWEEN: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


class _NotANumber(str):
    """The text of a constant that is not valid JSON: NaN, Infinity or -Infinity."""

    __slots__ = ()


class _Mender:
    """Writes one message as valid JSON, and notes each change and its place."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        # A stack instead of a string: long keys over many values would take quadratic time.
        self._path: list[str] = []

    def mended(self, value: object) -> str:
        """Return ``value`` as valid JSON, with invalid parts replaced."""
        if len(self._path) > MAX_DEPTH:
            self._note(TOO_DEEP, most=MAX_DEPTH)
            return "null"
        if isinstance(value, Pairs):
            members = (f"{self._text(key)}:{self._inside(f'.{key}', one)}" for key, one in value)
            return f"{{{','.join(members)}}}"
        if isinstance(value, list):
            elements = enumerate(cast("list[object]", value))
            return f"[{','.join(self._inside(f'[{seq}]', one) for seq, one in elements)}]"
        return self._scalar(value)

    def _inside(self, step: str, value: object) -> str:
        self._path.append(step)
        mended = self.mended(value)
        self._path.pop()
        return mended

    def _scalar(self, value: object) -> str:
        if isinstance(value, _NotANumber):
            self._note(NOT_A_NUMBER, shown=str(value))
            return f'"{value}"'
        if isinstance(value, WrittenNumber):
            return str(value)
        return self._text(value) if isinstance(value, str) else _WORDS[value]

    def _text(self, text: str) -> str:
        if _HALF.search(text):
            self._note(LONE_SURROGATE)
            text = _HALF.sub("\ufffd", text)
        return json.dumps(text, ensure_ascii=False)

    def _note(self, rule: Rule, **values: Value) -> None:
        if len(self.issues) == _MAX_ISSUES:
            return
        path = "".join(part[:_MAX_PART] for part in self._path).removeprefix(".")
        self.issues.append(rule.issue(_HALF.sub("\ufffd", path), **values))


def _mended(value: object) -> DecodedMessage:
    mender = _Mender()
    text = mender.mended(value)
    return DecodedMessage(text.encode(), tuple(mender.issues))


_FORGIVING: Final = verbatim_decoder(parse_constant=_NotANumber)


def repair(text: str) -> list[DecodedMessage] | None:
    """Return the messages of an almost-JSON array, each with what is wrong with it.

    None if it is not an array, or cannot be read even so.
    """
    try:
        return [_repaired(written, value) for written, value in _elements(text)]
    except (ValueError, RecursionError):
        return None


def _elements(text: str) -> Iterator[tuple[str, object]]:
    """Yield each element of an array, as text and as a parsed value.

    :raises ValueError: if it is no array, or an element cannot be read.
    """
    place = _past(text, 0, "[")
    while True:
        value, end = _FORGIVING.raw_decode(text, place)
        yield text[place:end], value
        found = _BETWEEN.match(text, end)
        if found is None:
            break
        place = found.end()
    if _past(text, end, "]") != len(text):
        raise ValueError("there is more behind the array")


def _past(text: str, start: int, wanted: str) -> int:
    """Return the position after ``wanted`` and the white space around it."""
    found = re.compile(rf"[ \t\r\n]*\{wanted}[ \t\r\n]*").match(text, start)
    if found is None:
        raise ValueError(f"{wanted} is missing")
    return found.end()


def _repaired(written: str, value: object) -> DecodedMessage:
    mended = _mended(value)
    return mended if mended.issues else DecodedMessage(written.encode())
