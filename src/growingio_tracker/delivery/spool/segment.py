"""Segments of a journal.

A segment is one file of a journal: a heading, and then records in about the order of their
numbers. A record is

========  =====  ===================================================================
bytes     type   what
========  =====  ===================================================================
0 to 1           ``F6 F7``, which no valid UTF-8 contains: so it begins no part of a record
2         u8     the kind of message, by its place in :class:`~growingio_wire.table.Kind`
3         u8     0
4 to 7    u32    the length of the record
8 to 15   u64    its number among all that ever entered this journal
16 to 23  i64    when it entered, in Unix milliseconds
24 to 27  u32    CRC-32 of bytes 0 to 23 and of the record
========  =====  ===================================================================

Numbers are little-endian. A record whose checksum is wrong is skipped, and the next one is found by
its first bytes; how many are missing follows from the numbers of those around.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from growingio_tracker.core import HEAD_BYTES, Entries, SegmentBase
from growingio_tracker.delivery.descriptors import listing_of
from growingio_tracker.delivery.spool.files import Files, size_of


class Entry(NamedTuple):
    """One record that was read, and whose checksum is correct."""

    seq: int
    at_ms: int
    record: bytes


SUFFIX: Final = ".seg"
NAME_END: Final = rf"-([a-z]+)-([0-9a-f]{{16}}){re.escape(SUFFIX)}"
"""What follows the store's name in that of a segment: kind and first number."""
NO_FILE: Final = -1


class Count(NamedTuple):
    """A number of records, and their total size in bytes."""

    events: int
    size: int

    def __sub__(self, other: Count) -> Count:
        return Count(self.events - other.events, self.size - other.size)


def entries_in(data: bytes, kind_code: int) -> list[Entry]:
    """Return the intact records of ``data``, in the order of their numbers."""
    entries = Entries(kind_code)
    entries.add(data, 0)
    return list(_from(entries, 0))


def _from(entries: Entries, seq: int) -> Iterator[Entry]:
    while (found := entries.next(seq)) is not None:
        yield Entry(*found)
        seq = found[0] + 1


class Segment(SegmentBase):
    """An existing segment.

    :param first: the number of its first record, as in its name.
    :param end: the number after its last record.
    :param head_bytes: the size of its heading.
    :param kind_code: the code of the kind of its messages.
    :ivar entries: the records that were read from it.
    :ivar number: its file descriptor; -1 if it is not open.
    :ivar size: its size on disk, including what is being written.
    :ivar events: how many records are believed to be in it, before or after it was read; they have
        ``payload`` bytes in total.
    """

    __slots__ = ("_looked", "_read_to", "entries", "first", "path")

    def __init__(self, path: Path, first: int, end: int, head_bytes: int, kind_code: int) -> None:
        self.path = path
        self.number = NO_FILE
        self.first = first
        self.end = end
        self.size = size_of(path)
        self.entries = Entries(kind_code)
        self._looked = False
        self._read_to = 0  # the heading holds no record, whatever its size
        self.events = end - first
        self.payload = max(0, self.size - head_bytes - HEAD_BYTES * self.events)

    @staticmethod
    def path_of(base: Path, kind: str, first: int) -> Path:
        """Return the path of a segment of the store at ``base``."""
        return base.with_name(f"{base.name}-{kind}-{first:016x}{SUFFIX}")

    @staticmethod
    def paths_in(base: Path, kind: str) -> list[tuple[int, Path]]:
        """Return the first number and the path of each existing segment, oldest first."""
        name = re.compile(re.escape(base.name) + NAME_END)
        found = [name.fullmatch(entry.name) for entry in listing_of(base.parent)]
        own = [one for one in found if one is not None and one[1] == kind]
        return sorted((int(one[2], 16), base.with_name(one[0])) for one in own)

    def believed(self) -> Count:
        """Return what is believed to be in it."""
        return Count(self.events, self.payload)

    def believe_what_was_found(self) -> None:
        """Believe from now on what was read from it."""
        self.events, self.payload = self.found()

    def close(self) -> None:
        """Close the file. Forget it first, because a signal handler may interrupt this."""
        number, self.number = self.number, NO_FILE
        if number >= 0:
            os.close(number)

    def look(self, files: Files) -> bool:
        """Read what has not been read yet; return whether there was anything.

        :raises OSError: if it cannot be read. A file that is gone counts as empty.
        """
        start = self._read_to
        data = self._read(files, self.number)
        if self._read_to != start:  # a signal handler has just read the same
            return self.look(files)
        if self._looked and not data:
            return False
        self._looked = True
        self.entries.add(data, self.first)
        # A signal handler that runs only now reads this again, and it is added once.
        self._read_to = start + len(data)
        self._reach(self.entries.end)
        return True

    def look_ahead(self, files: Files, most: int) -> bool:
        """Read up to ``most`` bytes of what was not read yet; return whether there was anything.

        :meth:`look` reads the rest, at least what may be damaged. A file that records are appended
        to is left to it.

        :raises OSError: if it cannot be read.
        """
        start = self._read_to
        if self._looked or self.number >= 0 or start >= self.size:
            return False
        data = self._read(files, NO_FILE, most)
        # A signal handler may have read more. What is read again is added once.
        self._read_to = start + self.entries.add(data, self.first)
        return True

    def _reach(self, end: int) -> None:
        if self.end >= end:
            return
        self.end = end  # no call in between, during which a signal handler could run

    def found(self) -> Count:
        """Return what was read from it, counting each number once."""
        return Count(len(self.entries), self.entries.size)

    def gaps(self, until: int) -> list[tuple[int, int]]:
        """Return the ranges of numbers before ``until`` that no intact record has."""
        return self.entries.gaps(self.first, min(self.end, until))

    def entries_from(self, seq: int) -> Iterator[Entry]:
        """Yield the intact records from ``seq`` on, in the order of their numbers."""
        return _from(self.entries, seq)

    def _read(self, files: Files, number: int, most: int = sys.maxsize) -> bytes:
        """Return what follows in the file after what was read, up to ``most`` bytes."""
        if number >= 0:
            there = os.fstat(number).st_size - self._read_to
            return files.read(number, min(there, most), self._read_to)
        if self._looked and self._read_to >= self.size:
            return b""
        numbers: list[int] = []
        try:
            files.open(self.path, numbers)
            return self._read(files, numbers[0], most)
        except FileNotFoundError:
            return b""
        finally:
            if numbers:
                os.close(numbers[0])
