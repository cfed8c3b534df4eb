"""Attributes that can be encoded as they stand, as nearly all can."""

from __future__ import annotations

from typing import Any, Final

_MOST_NAMES: Final = 4096
_LONGEST_NAME: Final = 100

# The keys that were looked at before. Programs have few, and looking again takes longer than this.
_names: Final = set[str]()
_have_seen: Final = _names.issuperset


def is_plain(attributes: object) -> bool:
    """Return whether ``attributes`` can be encoded as it stands.

    True only for a dict of non-empty keys whose values are exactly str, int, bool or a finite
    float. This runs on every call, so it looks at types and touches nothing; lone surrogates
    show when the text is encoded. A key is a str, or equals one and is encoded like it.
    """
    if type(attributes) is not dict:
        return False
    try:
        if not _have_seen(attributes) and not _learn(attributes):  # pyright: ignore[reportUnknownArgumentType]
            return False
        for value in attributes.values():  # pyright: ignore[reportUnknownVariableType]
            kind = type(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            if kind is str or kind is int or kind is bool:
                continue
            # NaN and the infinities are the only floats for which x - x is not 0.
            if kind is float and value - value == 0.0:
                continue
            return False
    except RuntimeError:  # another thread is changing it; the caller then works on a copy
        return False
    return True


def _learn(attributes: dict[Any, Any]) -> bool:
    """Remember keys if each is a non-empty str; return whether that is so."""
    keys = list(attributes)
    if not all(type(key) is str and key for key in keys):
        return False
    # A program that makes up keys must not fill the memory.
    if len(_names) >= _MOST_NAMES:
        _names.clear()
    _names.update(key for key in keys if len(key) <= _LONGEST_NAME)
    return True
