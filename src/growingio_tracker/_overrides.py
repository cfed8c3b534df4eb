"""Which of two ways to do a thing a subclass means, when it knows only the old one."""

from collections.abc import Set


def is_overridden_before(cls: type, old: Set[str], new: str) -> bool:
    """Return whether the nearest class to define any of the ``old`` names lacks the ``new`` one.

    Nearest means first in the order in which attributes are looked up, mixins included.
    """
    for base in cls.__mro__:
        own = vars(base)
        if new in own:
            return False
        if not old.isdisjoint(own):
            return True
    return False
