"""Suggestions for misspelled names: the known name that was probably meant.

Case and separators make no difference: ``order_paid``, ``OrderPaid`` and ``"order paid"`` are one
word in three styles. Nothing else in this project compares names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

_COMPARED: Final = 100
"""Characters of a name that are compared: comparing takes quadratic time."""

_LIKE_ENOUGH: Final = 0.5

CLOSE: Final = 0.7
"""Likeness for received names, where a wrong guess would distract."""


def nearest(name: str, known: Iterable[str], like_enough: float = _LIKE_ENOUGH) -> str | None:
    """Return the one of ``known`` that ``name`` resembles most; ``None`` if none is similar.

    :param like_enough: minimum likeness, from 0 (any name) to 1 (equal names).
    """
    return _nearest(name, tuple(known), like_enough)


def hint(name: str, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """Return the end of an error message, with the nearest name; empty if none is similar.

    :param spelled: turns a known name into what the user has to write.
    """
    near = nearest(name, known)
    return "" if near is None else f"; did you mean {spelled(near)}?"


def hint_zh(name: str, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """Return the same in Chinese."""
    near = nearest(name, known)
    return "" if near is None else f"；是否应为 {spelled(near)}？"


class Guesses:
    """Suggestions for many names, within a bounded time.

    :param most: maximum number of comparisons; after that, there are no more suggestions.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._found: dict[tuple[str, int], str | None] = {}

    def nearest(self, name: str, known: Collection[str]) -> str | None:
        """Return the one of ``known`` that is close to ``name``; ``None`` if unknown.

        :param known: the same object each time.
        """
        key = (name, id(known))
        if key not in self._found:
            if self._left <= 0:
                return None
            self._left -= len(known)
            self._found[key] = nearest(name, known, CLOSE)
        return self._found[key]


def likeness(one: str, other: str) -> float:
    """Return how much two names resemble each other, from 0 to 1."""
    from difflib import SequenceMatcher  # as in _nearest()

    return SequenceMatcher(None, _fold(one), _fold(other)).ratio()


@lru_cache(1024)
def _nearest(name: str, known: tuple[str, ...], like_enough: float) -> str | None:
    wanted, folded = _fold(name), _all_folded(known)
    if wanted in folded:
        return folded[wanted]
    # Names of very different length cannot be similar; skipping them saves half the time.
    near = [
        one
        for one in folded
        if 2 * min(len(one), len(wanted)) >= like_enough * (len(one) + len(wanted))
    ]
    # Imported here, because only programs with misspelled names need it.
    from difflib import get_close_matches

    found = get_close_matches(wanted, near, n=1, cutoff=like_enough)
    return folded[found[0]] if found else None


@lru_cache(64)
def _all_folded(known: tuple[str, ...]) -> Mapping[str, str]:
    return {_fold(one): one for one in known}


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name[:_COMPARED].casefold()))
