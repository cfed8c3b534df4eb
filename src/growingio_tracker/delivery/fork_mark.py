"""A mark that a forked child does not inherit, whether hooks run at the fork or not."""

from __future__ import annotations

import mmap
from typing import Final, TypeAlias

ForkMark: TypeAlias = "mmap.mmap | bytearray"
"""``mark[0]`` is 1 only after :func:`set_mark` in this very process."""

# Linux since 4.14: a forked child finds such a page filled with zeros. Python does not name it.
_MADV_WIPEONFORK: Final = 18


def new_mark() -> ForkMark:
    """Return an unset mark. Where the kernel has no such pages, it stays unset for ever."""
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_MADV_WIPEONFORK)
    except (AttributeError, OSError, ValueError):
        return bytearray(1)
    return page


def set_mark(mark: ForkMark) -> None:
    """Set ``mark`` in this process, if it is one that a fork clears."""
    if isinstance(mark, mmap.mmap):
        mark[0] = 1


def clear_mark(mark: ForkMark) -> None:
    """Take ``mark`` off again."""
    mark[0] = 0
