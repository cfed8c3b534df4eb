"""What is wrong with the values of attributes."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from growingio_tracker.collector.check.finding import Types
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import LIST_SEPARATOR

MAX_KEY: Final = 100
"""Characters of a key; this limit and the next two are the Web SDK's own."""

MAX_VALUE: Final = 1000
"""Characters of a value."""

MAX_PARTS: Final = 100
"""Parts of a list."""

MAX_EXACT: Final = 2**53
"""Integers up to here are exact everywhere; JavaScript and SQL doubles round greater ones."""

MAX_TYPES: Final = 200
"""Properties of one message whose types are noted."""

_SHOWN: Final = 40
"""Characters shown of a value."""

PRINTED_WORDS: Final = frozenset(
    {
        *("True", "False", "None", "nan", "inf", "-inf"),
        *("NaN", "Infinity", "-Infinity", "undefined", "[object Object]"),
        "<nil>",
    }
)
"""How Python, Go and JavaScript print what is no text."""

PRINTED_STARTS: Final = (b'"{', b'"[', b'"<', b'"map[')
"""Every other printed value starts with one of these, quote included, in a message's JSON."""

_JSON_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}

_PRINTED_INSTANCE: Final = re.compile(r" at 0x[0-9a-fA-F]+>$")


def types_of(members: Mapping[str, object]) -> Types:
    """Return the keys with the JSON types of their values; no key that is too long."""
    return tuple(
        (key, _JSON_TYPES[type(value)])
        for key, value in islice(members.items(), MAX_TYPES)
        if len(key) <= MAX_KEY
    )


def attribute_problems(members: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with attributes. Numbers and booleans are what several clients send."""
    return _problems("attributes", members, _attribute_problem)


def identity_problems(members: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with a mapping's identities, which are texts only."""
    return _problems("identifies", members, _identity_problem)


_Check = Callable[[str, object], Problem | None]


def _problems(place: str, members: Mapping[str, object], check: _Check) -> Iterator[Problem]:
    for key, value in members.items():
        path = f"{place}.{key[:MAX_KEY]}"
        if len(key) > MAX_KEY:
            yield Problem("key_too_long", path, {"size": len(key), "most": MAX_KEY})
        problem = check(path, value)
        if problem:
            yield problem


def _attribute_problem(path: str, value: object) -> Problem | None:
    if isinstance(value, str):
        return _text_problem(path, value)
    if isinstance(value, int) and abs(value) > MAX_EXACT:
        return Problem("big_integer", path, {"shown": _digits(value)})
    return None if isinstance(value, int | float) else _not_text(path, value)


def _identity_problem(path: str, value: object) -> Problem | None:
    return _text_problem(path, value) if isinstance(value, str) else _not_text(path, value)


def _not_text(path: str, value: object) -> Problem:
    return Problem("value_not_text", path, {"type": _JSON_TYPES[type(value)]})


def _digits(value: int) -> str:
    # Printing thousands of digits takes quadratic time, and Python refuses it.
    return str(value) if value.bit_length() <= 128 else f"2^{value.bit_length() - 1}…"


def _text_problem(path: str, text: str) -> Problem | None:
    if len(text) > MAX_VALUE:
        return Problem("value_too_long", path, {"size": len(text), "most": MAX_VALUE})
    parts = text.count(LIST_SEPARATOR) + 1
    if parts > MAX_PARTS:
        return Problem("list_too_long", path, {"size": parts, "most": MAX_PARTS})
    code = _printed(text)
    return Problem(code, path, {"shown": text[:_SHOWN]}) if code else None


def _printed(text: str) -> str | None:
    """Return the code for a text that looks printed. The looks cost linear time only."""
    if text in PRINTED_WORDS:
        return "printed_value"
    if text.startswith("[") and text.endswith("]"):
        return "printed_list" if _is_printed_list(text) else None
    return "printed_object" if _is_printed_object(text) else None


def _is_printed_list(text: str) -> bool:
    # "[smile]" is what people write; a list has a comma, a quote, or nothing in it.
    return text == "[]" or text[1] in "'\"" or ", " in text


def _is_printed_object(text: str) -> bool:
    if text.startswith("{"):
        marked = text.endswith("}") and ("=" in text or ":" in text)
        return marked and not _is_json(text)
    if text.startswith("map["):
        return text.endswith("]") and ":" in text
    return text.startswith("<") and _PRINTED_INSTANCE.search(text) is not None


def _is_json(text: str) -> bool:
    """Tell whether it is JSON, which Go and Java send for a map on purpose."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
