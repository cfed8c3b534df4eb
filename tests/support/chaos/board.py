"""The numbers that a process and whoever watches it share: eight bytes each, in a mapped file.

A number that a process has written there survives its SIGKILL, and costs no system call.
"""

from __future__ import annotations

import mmap
from enum import IntEnum, auto
from pathlib import Path


class Slot(IntEnum):
    """What each number says."""

    TARGET = 0
    """How many events each thread may have handed over."""
    ASKING = auto()
    """Not 0: ask the server at once instead of leaving it alone for a while."""
    CLOCK_MS = auto()
    """How far the wall clock is off."""
    FORKS = auto()
    """How many children there are to be."""
    KILLS_CHILD = auto()
    """1: the next child ends by SIGKILL."""
    FORKED = auto()
    """How many children there have been."""
    FULL_AT = auto()
    """The size in bytes beyond which no file can grow, plus 1; 0 is none."""
    IS_FULL_AT = auto()
    """The same, as it is by now."""
    PID = auto()
    """Not 0: it obeys."""
    ENDING = auto()
    """1: end in order."""
    OVER = auto()
    """1: this child does nothing more."""
    FIRST_THREAD = auto()
    """From here on, how many calls returned in each thread."""


class Board:
    """The numbers of one process."""

    def __init__(self, path: Path, threads: int) -> None:
        self.path = path
        self.threads = threads
        size = 8 * (Slot.FIRST_THREAD + threads)
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self.numbers = memoryview(self._map).cast("q")

    def __getitem__(self, slot: int) -> int:
        return self.numbers[slot]

    def __setitem__(self, slot: int, value: int) -> None:
        self.numbers[slot] = value

    @property
    def returned(self) -> list[int]:
        """How many calls returned in each thread."""
        return list(self.numbers[Slot.FIRST_THREAD :])

    def is_at_target(self) -> bool:
        """Return whether every thread has reached it."""
        return min(self.returned) >= self[Slot.TARGET]


def all_boards(directory: Path, threads: int) -> dict[str, Board]:
    """Return the board of each process that ever was, by its name."""
    return {path.name: Board(path, threads) for path in sorted(directory.iterdir())}
