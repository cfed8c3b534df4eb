"""Records on disk in pure Python: their frames, those read from a segment, and a journal's end.

One step of the compiled core takes many here, and a signal handler or destructor may run between
them. The journal takes them itself, so :meth:`JournalEnd.enter` admits nothing.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final
from zlib import crc32

from growingio_tracker.core.contract import HEAD_BYTES, NOT_LET_IN

if TYPE_CHECKING:
    from growingio_tracker.core.pure_ring import Admission

_SYNC: Final = b"\xf6\xf7"
_BEFORE_CRC: Final = struct.Struct("<2sBxIQq")
_CRC: Final = struct.Struct("<I")


def packed(kind_code: int, seq: int, at_ms: int, record: bytes) -> bytes:
    """Return a record as it is on disk."""
    head = _BEFORE_CRC.pack(_SYNC, kind_code, len(record), seq, at_ms)
    return head + _CRC.pack(crc32(record, crc32(head))) + record


Entry = tuple[int, int, bytes]
"""The number of a record, when it entered, and the record."""


class Entries:
    """The intact records read from one segment, ordered by number.

    :ivar size: their total size in bytes.
    """

    __slots__ = ("_entries", "_kind_code", "size")

    def __init__(self, kind_code: int) -> None:
        self.size = 0
        self._kind_code = kind_code
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def end(self) -> int:
        """The number after the last; 0 if there is none."""
        return self._entries[-1][0] + 1 if self._entries else 0

    def add(self, data: bytes, first: int) -> int:
        """Add the intact records of ``data`` from the number ``first`` on.

        Return where in ``data`` the last one ends; 0 if there is none.
        """
        sound, sound_end = _sound(data, self._kind_code)
        found = _by_number(one for one in sound if one[0] >= first)
        # A signal handler may run here and read the same and more, which must not be lost. The list
        # is replaced, not changed, for anyone who is iterating over it.
        while found:
            before, size = self._entries, self.size
            at = bisect_left(before, found[0][:1])
            behind = before[at:]
            merged = _by_number((*behind, *found)) if behind else found
            size += _size_of(merged) - _size_of(behind)
            entries = before[:at] + merged
            if self._entries is before:  # no call from here on, for signal handlers
                self._entries, self.size = entries, size
                break
        return sound_end

    def next(self, seq: int) -> Entry | None:
        """Return number, time and record of the first from ``seq`` on."""
        entries = self._entries
        at = bisect_left(entries, (seq,))
        return entries[at] if at < len(entries) else None

    def run(
        self, seq: int, most_events: int, most_bytes: int
    ) -> tuple[int, tuple[bytes, ...], int]:
        """Return records from ``seq`` on without a gap: the first's number, them, their size.

        They are no more than either bound allows, but at least one if there is any.
        """
        entries, records, size = self._entries, list[bytes](), 0
        at = begin = bisect_left(entries, (seq,))
        while at < len(entries) and len(records) < most_events:
            record = entries[at][2]
            follows = entries[at][0] == entries[begin][0] + len(records)
            if records and (not follows or size + len(record) > most_bytes):
                break
            records.append(record)
            size += len(record)
            at += 1
        return entries[begin][0] if records else seq, tuple(records), size

    def gaps(self, seq: int, end: int) -> list[tuple[int, int]]:
        """Return the ranges of numbers from ``seq`` to before ``end`` that no record has."""
        gaps: list[tuple[int, int]] = []
        entries = self._entries
        for number, _, _ in entries[bisect_left(entries, (seq,)) :]:
            if number >= end:
                break
            if number > seq:
                gaps.append((seq, number))
            seq = number + 1
        if seq < end:
            gaps.append((seq, end))
        return gaps


def _by_number(entries: Iterable[Entry]) -> list[Entry]:
    """Return the first entry of each number, ordered by number."""
    first: dict[int, Entry] = {}
    for one in entries:
        first.setdefault(one[0], one)
    return [first[number] for number in sorted(first)]


def _size_of(entries: list[Entry]) -> int:
    return sum(len(one[2]) for one in entries)


def _sound(data: bytes, kind_code: int) -> tuple[list[Entry], int]:
    """Return the intact records of ``data`` as they follow each other, and where the last ends."""
    found: list[Entry] = []
    position = end = 0
    while (position := data.find(_SYNC, position)) >= 0:
        entry = _entry_at(data, position, kind_code)
        if entry is None:
            position += 1
            continue
        found.append(entry)
        position += HEAD_BYTES + len(entry[2])
        end = position
    return found, end


def _entry_at(data: bytes, position: int, kind_code: int) -> Entry | None:
    begin = position + HEAD_BYTES
    if begin > len(data):
        return None
    _, kind, length, seq, at_ms = _BEFORE_CRC.unpack_from(data, position)
    record = data[begin : begin + length]
    if kind != kind_code or len(record) != length:
        return None
    [expected] = _CRC.unpack_from(data, begin - _CRC.size)
    if crc32(record, crc32(data[position : begin - _CRC.size])) != expected:
        return None
    return seq, at_ms, record


class SegmentBase:
    """What each record changes in a segment.

    :ivar number: its file descriptor; below 0 if it is not open.
    :ivar end: the number after its last record.
    :ivar size: its size on disk, including what is being written.
    :ivar events: how many records are believed to be in it, before or after it was read; they have
        ``payload`` bytes in total.
    """

    __slots__ = ("end", "events", "number", "payload", "size")

    def __init__(self) -> None:
        self.number = -1
        self.end = 0
        self.size = 0
        self.events = 0
        self.payload = 0


class JournalEnd:
    """Where the next record of a journal goes, and the counts of its queued records.

    :param kind_code: the code of the kind of message.
    :param entered: the number of the next record.
    :param segment_bytes: size at which a segment is full.
    :ivar newest: the segment that records are appended to.
    :ivar waiting: how many records are queued, in total ``size`` bytes, from number ``first`` on.
    :ivar max_events: number of records that make a batch, as do ``max_bytes`` bytes.
    :ivar is_let_go: whether another process owns the store now, so that nothing enters any more.
    """

    __slots__ = (
        "entered",
        "first",
        "is_let_go",
        "max_bytes",
        "max_events",
        "newest",
        "size",
        "waiting",
    )

    def __init__(self, kind_code: int, entered: int, segment_bytes: int) -> None:
        self.entered = entered
        self.newest: SegmentBase | None = None
        self.first = 0
        self.waiting = 0
        self.size = 0
        self.max_events = 0
        self.max_bytes = 0
        self.is_let_go = False

    def enter(self, admission: Admission, record: bytes) -> int:
        """Write one record and count it. This core admits none; see :class:`Records`."""
        return NOT_LET_IN

    def keep_time(self, now_ms: Callable[[], int], wall_ms: int | None) -> None:
        """Take the time from ``now_ms``, or add ``wall_ms`` to the machine's monotonic clock."""

    def write_directly(self, number: int, slots_at: int) -> None:
        """Admit records until it is closed.

        :param number: file descriptor of the control file, which has the number of the next record.
        :param slots_at: where it is in that file.
        """

    def close(self) -> None:
        """Admit nothing any more."""
