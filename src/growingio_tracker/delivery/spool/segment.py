"""Segments: files of records, each record with a header of length, number, time and checksum.

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
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from growingio_tracker.core import HEAD_BYTES, Entries, SegmentBase
from growingio_tracker.delivery.spool.files import Files, size_of


class Entry(NamedTuple):
    """One record that was read and whose checksum is right."""

    seq: int
    at_ms: int
    record: bytes


SUFFIX: Final = ".seg"
NO_FILE: Final = -1


class Count(NamedTuple):
    """A number of records, and the bytes that they have together."""

    events: int
    size: int

    def __sub__(self, other: Count) -> Count:
        return Count(self.events - other.events, self.size - other.size)


def entries_in(data: bytes, kind_code: int) -> list[Entry]:
    """Return the sound records of ``data``, by their numbers."""
    entries = Entries(kind_code)
    entries.add(data, 0)
    return list(_from(entries, 0))


def _from(entries: Entries, seq: int) -> Iterator[Entry]:
    while (found := entries.next(seq)) is not None:
        yield Entry(*found)
        seq = found[0] + 1


class Segment(SegmentBase):
    """A segment that exists.

    :param first: the number of its first record, which its name says.
    :param end: the number behind its last record.
    :param head_bytes: the size of its heading.
    :param kind_code: of the kind of message that it holds.
    :ivar entries: what was read from it.
    :ivar number: its open file; -1 when it is not open.
    :ivar size: its bytes on disk, those that are just being written included.
    :ivar events: how many records were said to be in it, before or after it was read; together
        they have ``payload`` bytes.
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
        """Return the first numbers and the paths of what is there, oldest first."""
        found: list[tuple[int, Path]] = []
        for path in base.parent.glob(f"{base.name}-{kind}-*{SUFFIX}"):
            try:
                found.append((int(path.stem.rsplit("-", 1)[1], 16), path))
            except ValueError:  # not a file of ours, whatever its name
                continue
        return sorted(found)

    def believed(self) -> Count:
        """Return what was said to be in it."""
        return Count(self.events, self.payload)

    def believe_what_was_found(self) -> None:
        """Say from now on what was read from it."""
        self.events, self.payload = self.found()

    def close(self) -> None:
        """Close the file. Forget it first, because a signal handler may interrupt this."""
        number, self.number = self.number, NO_FILE
        if number >= 0:
            os.close(number)

    def look(self, files: Files) -> bool:
        """Read what has not been read yet; return whether there was anything.

        :raises OSError: if it cannot be read. A file that has gone is empty.
        """
        start = self._read_to
        data = self._read(files, self.number)
        if self._read_to != start:  # a signal handler has read the same amid this
            return self.look(files)
        if self._looked and not data:
            return False
        self._looked = True
        self.entries.add(data, self.first)
        # One that comes in only now has read more; what it read is found again, and added once.
        self._read_to = start + len(data)
        self._reach(self.entries.end)
        return True

    def _reach(self, end: int) -> None:
        if self.end >= end:
            return
        self.end = end  # no call between these two, because a signal handler comes in with those

    def found(self) -> Count:
        """Return what was read from it, without taking a number twice."""
        return Count(len(self.entries), self.entries.size)

    def gaps(self, until: int) -> list[tuple[int, int]]:
        """Return the ranges of numbers before ``until`` that no sound record has."""
        return self.entries.gaps(self.first, min(self.end, until))

    def entries_from(self, seq: int) -> Iterator[Entry]:
        """Yield the sound records that were read from ``seq`` on, by their numbers."""
        return _from(self.entries, seq)

    def _read(self, files: Files, number: int) -> bytes:
        """Return what is in the file behind what was read, going by the file itself."""
        if number >= 0:
            return files.read(number, os.fstat(number).st_size - self._read_to, self._read_to)
        if self._looked and size_of(self.path) <= self._read_to:
            return b""
        try:
            number = files.open(self.path)
        except FileNotFoundError:
            return b""
        try:
            return self._read(files, number)
        finally:
            os.close(number)
