"""Numbers of processes, and memory that a forked child finds empty, in the pure core."""

from __future__ import annotations

import mmap
import os
from typing import Final

# Linux since 4.14: a forked child finds such a page filled with zeros. Python does not name it.
_MADV_WIPEONFORK: Final = 18


def wiped_page() -> mmap.mmap | None:
    """Return a page that the kernel fills with zeros in a forked child, where there are such."""
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_MADV_WIPEONFORK)
    except (AttributeError, OSError, ValueError):
        return None
    return page


class _ProcessNumber:
    """Numbers this process: each process that descends from it gets another number."""

    def __init__(self) -> None:
        self._page = wiped_page()
        self._number = 1
        if self._page is not None:
            self._page[0] = 1

    def get(self) -> int:
        """Return the number, which is above 0."""
        if self._page is None:
            return os.getpid()
        if not self._page[0]:
            self._number += 1
            self._page[0] = 1
        return self._number


process_number: Final = _ProcessNumber().get
"""Return a number that no forked child shares with its parent."""
