"""File descriptors that are known as soon as they are open, whatever a signal handler does.

A signal handler runs when a call of C code has returned, but before Python stores its result. If it
raises, a descriptor that has just been opened is lost: it stays open, with its lock, until the
process ends. Here, C code puts it into a list, without running Python in between. Open inside of
``try``, with a list from before it, and close with a direct call of ``os.close()``, before which no
signal handler runs either.
"""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path


def open_into(numbers: list[int], path: Path, flags: int, mode: int = 0o600) -> None:
    """Open a file, and append its descriptor to ``numbers``.

    :raises OSError: if it cannot be opened.
    """
    numbers += map(os.open, (path,), (flags,), (mode,))


def duplicate_into(numbers: list[int], number: int) -> None:
    """Append another descriptor of an open file to ``numbers``.

    :raises OSError: if there can be no more of them.
    """
    numbers += map(os.dup, (number,))


def close(numbers: list[int]) -> None:
    """Close the descriptors in ``numbers``, and remove them."""
    while numbers:
        number = numbers[-1]
        del numbers[-1]  # no call in between, during which a signal handler could run
        os.close(number)


def beginning_of(path: Path, size: int) -> bytes:
    """Return up to ``size`` bytes from the beginning of a file.

    :raises OSError: if it cannot be read.
    """
    numbers: list[int] = []
    try:
        open_into(numbers, path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return os.read(numbers[0], size)
    finally:
        if numbers:
            os.close(numbers[0])


def content_of(path: Path) -> bytes:
    """Return what is in a file.

    :raises OSError: if it cannot be read.
    """
    return beginning_of(path, path.stat().st_size)


def listing_of(directory: Path) -> list[os.DirEntry[str]]:
    """Return what is in a directory; nothing if it does not exist.

    :raises OSError: if it cannot be read.
    """
    try:
        # To its end without Python in between, so that no signal handler leaves it open.
        return [*chain.from_iterable(map(os.scandir, (directory,)))]
    except FileNotFoundError:
        return []
