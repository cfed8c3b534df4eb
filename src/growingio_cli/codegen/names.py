"""Python names for the names of a plan, by a reversible table.

=====================  ==========================  ================================================
name in the plan       name in Python              rule
=====================  ==========================  ================================================
``order_paid``, 支付   ``order_paid``, 支付        valid names stay as they are
``class``, ``class_``  ``class_``, ``class__``     a reserved word gets one more underscore
``a-b``                ``a_b__dash1``              other characters become underscores; a suffix
                                                   has the characters and their positions
``$exp_hit``           ``exp_hit__dollar0``        at the beginning, they are left out
``2nd``                ``n2nd__n``                 ``n`` precedes characters that cannot come first
``a__dash1``           ``a__dash1__raw``           marks names that look like changed ones
=====================  ==========================  ================================================

Each name is converted independently, so adding an event to the plan never renames another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from keyword import iskeyword
from typing import Final

from growingio_cli.codegen.annotations import NEEDED_FROM

SET_USER: Final = "set_user"
ITEMS: Final = "Items"

PARAMETERS: Final = frozenset(
    {
        *("tracker", "event_time", "anonymous_id", "login_user_key", "login_user_id"),
        *("item", "item_id", "more", "preset"),
    }
)
"""Parameters of functions besides the attributes."""

FUNCTIONS: Final = frozenset(
    {
        *NEEDED_FROM,
        *("EventCall", "EventTime", "GrowingTracker", "ItemCall", "PresetProperties", "Property"),
        *("Receipt", "ResourceItem", "UserCall", "deprecated", "supplemented", "warn_deprecated"),
        *("annotations", "bool", "float", "int", "object", "staticmethod", "str"),
        *(ITEMS, SET_USER),
    }
)
"""Names of a generated module that functions must not have."""

_WORDS: Final = {
    "$": "dollar",
    "-": "dash",
    ".": "dot",
    " ": "space",
    "/": "slash",
    ":": "colon",
    "#": "hash",
    "@": "at",
    "%": "percent",
    "+": "plus",
    "_": "low",
}
_CHARACTERS: Final = {word: character for character, word in _WORDS.items()}
_ANY_WORD: Final = "|".join(_CHARACTERS)
_CODE: Final = rf"(?:(?:{_ANY_WORD})[0-9]+|u[0-9a-f]+p[0-9]+)"
_CODES: Final = re.compile(rf"(?:n|raw|(?:n_)?{_CODE}(?:_{_CODE})*)")
_ONE_CODE: Final = re.compile(rf"({_ANY_WORD})([0-9]+)|u([0-9a-f]+)p([0-9]+)")


def python_name(name: str, taken: Collection[str] = ()) -> str:
    """Return the Python name for ``name``, which is not empty.

    :param taken: names that are in use already, besides Python's keywords.
    """
    found = _plain(name) if _is_plain(name) else _coded(name)
    return f"{found}_" if _is_taken(found.rstrip("_"), taken) else found


def plan_name(python: str, taken: Collection[str] = ()) -> str:
    """Return the name in the plan: the inverse of :func:`python_name`."""
    if python.endswith("_") and _is_taken(python.rstrip("_"), taken):
        python = python[:-1]
    stem, mark, codes = python.rpartition("__")
    if not (mark and _CODES.fullmatch(codes)):
        return python
    return stem if codes == "raw" else _decoded(stem, codes)


def _is_taken(word: str, taken: Collection[str]) -> bool:
    return iskeyword(word) or word in taken


def _is_plain(name: str) -> bool:
    return (
        name.isidentifier()
        and not name.startswith("_")
        and unicodedata.normalize("NFKC", name) == name
    )


def _plain(name: str) -> str:
    _, mark, codes = name.rpartition("__")
    return f"{name}__raw" if mark and _CODES.fullmatch(codes) else name


def _coded(name: str) -> str:
    kept = [_may_stay(character) for character in name]
    text = "".join(one for one, stays in zip(name, kept, strict=True) if stays)
    if unicodedata.normalize("NFKC", text) != text:
        # Characters that Python normalizes to others.
        kept = [stays and one.isascii() for one, stays in zip(name, kept, strict=True)]
    start = next((at for at, stays in enumerate(kept) if stays and name[at] != "_"), len(name))
    stem = "".join(
        one if stays else "_" for one, stays in zip(name[start:], kept[start:], strict=True)
    )
    codes = [_code(at, one) for at, one in enumerate(name) if at < start or not kept[at]]
    if not stem.isidentifier():
        stem, codes = f"n{stem}", ["n", *codes]
    return f"{stem}__{'_'.join(codes)}"


def _may_stay(character: str) -> bool:
    with_it = f"a{character}"
    return (
        with_it.isidentifier()
        and not unicodedata.combining(character)
        and unicodedata.normalize("NFKC", with_it) == with_it
    )


def _code(at: int, character: str) -> str:
    word = _WORDS.get(character)
    return f"{word}{at}" if word else f"u{ord(character):x}p{at}"


def _decoded(stem: str, codes: str) -> str:
    characters, left_out = list(stem), 0
    for at, character in _read(codes):
        if at is None:
            del characters[0]
        elif at == left_out:
            characters.insert(at, character)
            left_out += 1
        else:
            characters[at] = character
    return "".join(characters)


def _read(codes: str) -> Iterator[tuple[int | None, str]]:
    for code in codes.split("_"):
        found = _ONE_CODE.fullmatch(code)
        if found is None:
            yield None, ""
        elif found[1]:
            yield int(found[2]), _CHARACTERS[found[1]]
        else:
            yield int(found[4]), chr(int(found[3], 16))
