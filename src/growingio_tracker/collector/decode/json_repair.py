"""JSON that is not quite JSON: what some clients print for ``NaN`` and broken text.

Such a body is read message by message, so that one bad event does not spoil its batch.
"""

import json
import re
from collections.abc import Callable
from math import isinf
from typing import Final, cast

from growingio_tracker.collector.decode.limits import MAX_DEPTH
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.problems.problem import Problem

_MAX_PROBLEMS: Final = 20
"""Problems noted for one message; more of the same help nobody."""

_MAX_PART: Final = 100
"""Characters shown of each part of a path."""

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class _NotANumber(str):
    """The text of a JSON constant that JSON does not have: NaN, Infinity, -Infinity."""

    __slots__ = ()


class _Mender:
    """Makes valid JSON values of one message and notes what it had to change, and where."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        # A stack, not a text: long keys over many values would make quadratic text.
        self._path: list[str] = []

    def mend(self, value: object) -> object:
        """Return ``value`` with everything that JSON does not have replaced."""
        if len(self._path) > MAX_DEPTH:
            self._note("too_deep", most=MAX_DEPTH)
            return None
        if isinstance(value, dict):
            members = cast("dict[str, object]", value).items()
            return {self._text(key): self._inside(f".{key}", inner) for key, inner in members}
        if isinstance(value, list):
            elements = enumerate(cast("list[object]", value))
            return [self._inside(f"[{place}]", inner) for place, inner in elements]
        return self._scalar(value)

    def _inside(self, place: str, value: object) -> object:
        self._path.append(place)
        mended = self.mend(value)
        self._path.pop()
        return mended

    def _scalar(self, value: object) -> object:
        if isinstance(value, _NotANumber) or (isinstance(value, float) and isinf(value)):
            self._note("not_a_number", shown=str(value))
            return str(value)
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if not _LONE_SURROGATE.search(text):
            return text
        self._note("lone_surrogate")
        return _LONE_SURROGATE.sub("\ufffd", text)

    def _note(self, code: str, **values: str | int) -> None:
        if len(self.problems) == _MAX_PROBLEMS:
            return
        path = "".join(part[:_MAX_PART] for part in self._path).removeprefix(".")
        path = _LONE_SURROGATE.sub("\ufffd", path)
        self.problems.append(Problem(code, path, values))


def _mended(value: object) -> Message:
    mender = _Mender()
    clean = mender.mend(value)
    # Not msgspec's encoder, which in some releases refuses integers of more than 64 bits.
    return Message(json.dumps(clean, ensure_ascii=False).encode(), tuple(mender.problems))


def repair(text: str) -> list[Message] | None:
    """Return the messages of an almost-JSON array, each with what is wrong with it.

    None when it is not an array, or cannot be read even forgivingly.
    """
    constant: Callable[[str], str] = _NotANumber
    try:
        values: object = json.loads(text, parse_constant=constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list):
        return None
    return [_mended(value) for value in cast("list[object]", values)]
