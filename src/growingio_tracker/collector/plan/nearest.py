"""The name that was probably meant."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

_COMPARED: Final = 100
"""Characters of a stranger's name that are compared: comparing takes quadratic time."""

_LIKE_ENOUGH: Final = 0.7


@lru_cache(1024)
def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """Return the one of ``known`` that ``name`` resembles; None when it resembles none."""
    wanted, folded = _fold(name), _all_folded(known)
    if wanted in folded:
        return folded[wanted]
    # Names of very different lengths cannot be that alike; leaving them out saves half the time.
    near = [one for one in folded if len(wanted) <= 2 * len(one) <= 4 * len(wanted)]
    found = get_close_matches(wanted, near, n=1, cutoff=_LIKE_ENOUGH)
    return folded[found[0]] if found else None


@lru_cache(64)
def _all_folded(known: tuple[str, ...]) -> Mapping[str, str]:
    return {_fold(one): one for one in known}


def _fold(name: str) -> str:
    # order_paid, OrderPaid and "order paid" are the same word in three styles.
    return "".join(character for character in name[:_COMPARED].casefold() if character.isalnum())
