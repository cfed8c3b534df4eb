"""The name that was probably meant."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Final

_COMPARED: Final = 100
"""Characters of a stranger's name that are compared: comparing takes quadratic time."""

_LIKE_ENOUGH: Final = 0.7


@lru_cache(1024)
def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """Return the one of ``known`` that ``name`` resembles; None when it resembles none."""
    folded = {_fold(one): one for one in known}
    found = get_close_matches(_fold(name), folded, n=1, cutoff=_LIKE_ENOUGH)
    return folded[found[0]] if found else None


def _fold(name: str) -> str:
    # order_paid, OrderPaid and "order paid" are the same word in three styles.
    return "".join(character for character in name[:_COMPARED].casefold() if character.isalnum())
