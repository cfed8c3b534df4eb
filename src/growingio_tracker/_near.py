"""The known name that a misspelled one was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Final

_LIKE_ENOUGH: Final = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that ``name`` resembles most; ``None``: it resembles none."""
    return next(iter(difflib.get_close_matches(name, list(known), 1, _LIKE_ENOUGH)), None)


def hint(name: str, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """Return the end of an error that asks whether the nearest was meant; else nothing.

    :param spelled: makes of a known name what the user would have to write.
    """
    near = nearest(name, known)
    return "" if near is None else f"; did you mean {spelled(near)}?"
