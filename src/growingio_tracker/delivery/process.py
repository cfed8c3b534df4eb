"""Which process this is, for less than the price of asking the system every time."""

from __future__ import annotations

import mmap
import os
from typing import Final

# Linux since 4.14: a forked child finds such a page filled with zeros. Python does not name it.
_MADV_WIPEONFORK: Final = 18

_known_pid = 0


def _mark() -> mmap.mmap | None:
    """Return a page that is empty in every forked child, or ``None`` where there is no such."""
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_MADV_WIPEONFORK)
    except (AttributeError, OSError, ValueError):
        return None
    return page


_page: Final = _mark()


def current_pid() -> int:
    """Return ``os.getpid()``, also right after a fork that ran no hook.

    Asking the system costs a tenth of a whole tracking call, so where the kernel can empty a page
    at a fork, the answer is remembered for as long as the page is marked.
    """
    global _known_pid  # noqa: PLW0603 - one process, one pid
    if _page is None:
        return os.getpid()
    if not _page[0]:
        _known_pid = os.getpid()
        _page[0] = 1
    return _known_pid
