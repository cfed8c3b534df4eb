"""Journal of the records of one kind in a store: append-only segments, oldest first.

Appending is one ``write()`` to the newest segment. A segment is removed, which frees its space, as
soon as all of its records have an outcome. Reading checks every record: damaged ones are skipped,
and counted by the gap that they leave in the numbers.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final

from growingio_tracker.core import HEAD_BYTES, JournalEnd, packed
from growingio_tracker.delivery.descriptors import duplicate_into
from growingio_tracker.delivery.spool.control import KIND_CODES, Control, heading_size
from growingio_tracker.delivery.spool.files import Files
from growingio_tracker.delivery.spool.segment import Count, Entry, Segment
from growingio_tracker.delivery.spool.settled import SettledNumbers
from growingio_wire.table import Kind

SEGMENT_BYTES: Final = 1024 * 1024
_AHEAD_BYTES: Final = SEGMENT_BYTES // 4
"""What is read ahead at once: more than most batches have, and done before a server responds."""


class Journal:
    """The records of one kind. It has no lock; the room of its lane has one.

    :param head: the heading of each segment.
    :param segment_bytes: size of a segment at which another one is begun.
    :ivar path: the store's path without its suffix.
    :ivar end: where the next record goes, and the lane's counts of queued records.
    :ivar on_lost: called with what had been counted, and turned out to be missing.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        head: bytes,
        control: Control,
        files: Files,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.kind = kind
        self.path = path
        code = KIND_CODES[kind]
        self.end: JournalEnd[Segment]
        self.end = JournalEnd(code, max(1, control.entered(kind)), segment_bytes)
        self._done = SettledNumbers(max(1, control.settled(kind)), control.ranges(kind))
        self.on_lost: Callable[[Count], None] = _nobody_listens
        self._code = code
        self._head = head
        self._control = control
        self._files = files
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._changes = 0  # of all segments but the newest
        self._older = (-1, 0)  # their size, after so many changes
        self._syncs = False  # whether somebody waits for the disk
        self._begun = 0  # how many segments this process has made
        self._is_new = False  # whether the disk may not know its name yet
        self._unsynced: deque[Segment] = deque()  # older ones, still open for whoever waits
        self._finished: list[Path] = []  # files that could not be removed yet
        self._writing: list[int] = []  # numbers of records that are just being written
        self._find()

    def append(self, at_ms: int, record: bytes, numbers: list[int] | None = None) -> int:
        """Add one record, which is in its file when this returns; return its number.

        :param numbers: receives the number as soon as it is taken, and loses it if the record is
            withdrawn. So it is known even if a signal handler raises as this returns.
        :raises OSError: if the disk cannot store it; nothing has changed then.
        """
        numbers, end = [] if numbers is None else numbers, self.end
        while (segment := end.newest) is None or segment.size >= self._segment_bytes:
            self._begin_segment()
        number = segment.number
        # A signal handler may append another record meanwhile, so a smaller number may follow a
        # larger one in the file.
        seq = end.entered
        end.entered = segment.end = seq + 1
        # No call up to here, because a signal handler could run during it. Creating the tuple may
        # run a destructor, which takes the next number.
        numbers += (seq,)
        self._writing.append(seq)
        data = packed(self._code, seq, at_ms, record)
        payload, on_disk = len(record), len(data)
        try:
            segment.size += on_disk  # before the write, for whoever reads meanwhile
            segment.events += 1
            segment.payload += payload
            self._files.write_whole(number, data)
        except OSError:
            self._withdraw(segment, number, seq, data)
            numbers.clear()
            raise
        except BaseException:  # a signal handler raised, and the record may be there or not
            self._disown(segment, number, seq, payload)
            numbers.clear()
            raise
        finally:
            self._writing.remove(seq)
        self._control.note_entered(self.kind, end.entered)
        return seq

    def read(
        self, first: int, most_events: int, most_bytes: int
    ) -> tuple[int, tuple[bytes, ...], int]:
        """Return records from ``first`` on without a gap: the first's number, them, their size.

        They are no more than either bound allows, but at least one if there is any. Records with
        an outcome are skipped. Without any, the number is that of the next record.
        """
        if self._writing or self._done.are_scattered:
            return self._read_singly(first, most_events, most_bytes)
        start, records, size = max(first, self.settled), tuple[bytes, ...](), 0
        for segment in self._segments_from(start):
            self._look(segment)
            begin, found, found_size = segment.entries.run(
                start + len(records), most_events - len(records), most_bytes - size
            )
            if records and (begin != start + len(records) or size + found_size > most_bytes):
                break
            start = start if records else begin
            records, size = records + found, size + found_size
            if len(records) >= most_events or segment.entries.end > start + len(records):
                break
        return start if records else self.entered, records, size

    def read_ahead(self, seq: int) -> None:
        """Read a part of what follows the record ``seq``, up to the end of the next segment.

        :raises OSError: if it cannot be read.
        """
        for segment in self._segments_from(seq)[:2]:
            if segment.look_ahead(self._files, _AHEAD_BYTES):
                break

    def _read_singly(
        self, first: int, most_events: int, most_bytes: int
    ) -> tuple[int, tuple[bytes, ...], int]:
        """Do the same if some of the records have an outcome, or must not be read yet."""
        start, records, total = self.entered, list[bytes](), 0
        for entry in self.waiting_from(first):
            size = len(entry.record)
            if not records:
                start = entry.seq
            elif entry.seq != start + len(records) or total + size > most_bytes:
                break
            records.append(entry.record)
            total += size
            if len(records) >= most_events:
                break
        return start, tuple(records), total

    def waiting_from(self, first: int) -> Iterator[Entry]:
        """Yield the records from ``first`` on that have no outcome, ordered by number."""
        begin = max(first, self.settled)
        for segment in self._segments_from(begin):
            self._look(segment)
            for entry in segment.entries_from(begin):
                # Records being written have not been counted yet.
                if entry.seq not in self._writing and not self._is_passed_by(entry.seq):
                    yield entry

    def _is_passed_by(self, seq: int) -> bool:
        """Return whether a record has an outcome, unlike some older one."""
        return self._done.are_scattered and seq in self._done

    def _segments_from(self, seq: int) -> list[Segment]:
        """Return the segments that may have records from ``seq`` on."""
        at = bisect_right(self._segments, seq, key=_first_of) - 1
        return self._segments[max(0, at) :]

    def next_from(self, first: int) -> Entry | None:
        """Return the oldest record from ``first`` on that has no outcome, if one is left."""
        return next(self.waiting_from(first), None)

    def skip_done(self, seq: int) -> int:
        """Return the first number from ``seq`` on that has no outcome yet."""
        return self._done.next_unsettled(seq)

    def measure(self, first: int, end: int) -> Count:
        """Return the records without an outcome from ``first`` to before ``end``."""
        events = size = 0
        for entry in self.waiting_from(first):
            if entry.seq >= end:
                break
            events += 1
            size += len(entry.record)
        return Count(events, size)

    def settle(self, first: int, end: int) -> None:
        """Note that the records from ``first`` to before ``end`` have an outcome.

        :raises OSError: if a file cannot be removed; it is then removed with the next one.
        """
        if first < end:
            self._done.note(first, end)
        self._control.note_settled(self.kind, self._done.advance())
        if self._done.are_scattered:
            self._control.note_ranges(self.kind, self._done.ranges)
        self._remove_finished()

    def contents(self) -> tuple[Count, Count]:
        """Return what is queued, and what is missing, in a journal that has just been found.

        Only the last segment is read, and those with records that have an outcome; the others are
        believed to be intact until they are read.
        """
        missing = self._done.unsettled(0, self._first_there())
        self.settle(self.settled, self._first_there())
        events = size = 0
        for segment in self._segments:
            length = segment.end - segment.first
            settled_some = self._done.unsettled(segment.first, segment.end) < length
            if settled_some or segment is self._segments[-1]:
                segment.look(self._files)
                missing += self._settle_gaps(segment, self.entered)
                segment.believe_what_was_found()
                begin = self.settled
                waits = [e for e in segment.entries_from(begin) if not self._is_passed_by(e.seq)]
                events, size = events + len(waits), size + sum(len(one.record) for one in waits)
            else:
                events, size = events + segment.events, size + segment.payload
        self._remove_finished()
        return Count(events, size), Count(missing, 0)

    @property
    def entered(self) -> int:
        """The number of the next record."""
        return self.end.entered

    @property
    def settled(self) -> int:
        """Every record before this number has an outcome."""
        return self._done.before

    @property
    def is_writing(self) -> bool:
        """Whether a record is just being written."""
        return bool(self._writing)

    def bytes_on_disk(self) -> int:
        """Return the size of all segments."""
        changes, older = self._older
        if changes != self._changes:
            # Each batch asks, and there may be thousands of segments. If a signal handler changes
            # one during the sum, this holds for the number of changes before.
            changes = self._changes
            older = sum(map(_size_of, self._segments[:-1]))
            self._older = changes, older
        return older + sum(map(_size_of, self._segments[-1:]))

    def is_there(self) -> bool:
        """Return whether the file that this process appends to has not been removed."""
        segment = self.end.newest
        return segment is None or os.fstat(segment.number).st_nlink > 0

    def sync(self) -> bool:
        """Wait for the disk; return whether the directory of a new file must be synced, too.

        It may be called while other threads append, so it uses a file descriptor of its own.
        """
        self._syncs = True
        newest, behind = self.end.newest, list(self._unsynced)
        numbers: list[int] = []
        try:
            if newest is not None:
                duplicate_into(numbers, newest.number)
            for segment in behind:
                self._files.sync(segment.number)
            for number in numbers:
                self._files.sync(number)
        finally:
            if numbers:
                os.close(numbers[0])
        for segment in behind:
            self._unsynced.remove(segment)
            segment.close()
        is_new, self._is_new = self._is_new, False
        return is_new

    def close(self) -> None:
        """Close its files."""
        self.end.close()
        self._close_unsynced()
        newest, self.end.newest = self.end.newest, None
        if newest is not None:
            newest.close()

    def _find(self) -> None:
        there = Segment.paths_in(self.path, self.kind.value)
        self.end.entered = max([self.entered, self.settled, *(first for first, _ in there)])
        ends = [*(first for first, _ in there[1:]), self.entered]
        self._segments = [
            Segment(path, first, end, heading_size(path) or len(self._head), self._code)
            for (first, path), end in zip(there, ends, strict=bool(there))
        ]
        if self._segments:
            self._segments[-1].look(self._files)
            self.end.entered = self._segments[-1].end

    def _first_there(self) -> int:
        return self._segments[0].first if self._segments else self.entered

    def _begin_segment(self) -> None:
        """Create a file for the next records; a signal handler may do so first."""
        if self._files.are_direct:
            self.end.write_directly(self._control.number, self._control.entered_at(self.kind))
        begun, first = self._begun, self.entered
        path = Segment.path_of(self.path, self.kind.value, first)
        numbers: list[int] = []
        try:
            self._files.create(path, numbers)
            self._files.write_whole(numbers[0], self._head)
            segment = Segment(path, first, first, len(self._head), self._code)
        except FileExistsError:
            self._skip(first)
            return
        except BaseException:
            if numbers:
                os.close(numbers[0])
                self._files.remove_if_possible(path)
            raise
        if self._begun != begun:
            os.close(numbers[0])
            if all(one.path != path for one in self._segments):
                self._files.remove_if_possible(path)
            return
        segment.number, end = numbers[0], self.end
        # No call in between, during which a signal handler could run.
        before, end.newest, self._is_new = end.newest, segment, True
        self._begun = begun + 1
        self._segments.append(segment)
        self._changes += 1
        if before is not None:
            self._unsynced.append(before)
        if not (self._syncs or self._writing):
            self._close_unsynced()

    def _skip(self, seq: int) -> None:
        """Leave out a number whose file is being created by the call that this one interrupted."""
        if self.end.entered == seq:
            self.end.entered = seq + 1
            self.leave_out(seq)

    def _close_unsynced(self) -> None:
        while self._unsynced:
            self._unsynced.popleft().close()

    def _withdraw(self, segment: Segment, number: int, seq: int, data: bytes) -> None:
        """Take back a record that was not written, or only a part of it."""
        segment.events -= 1
        segment.payload -= len(data) - HEAD_BYTES
        segment.size -= len(data)
        if segment.end == seq + 1 and self._cut_back(segment, number):
            self.end.entered = segment.end = seq
        else:  # or a signal handler has appended others
            segment.size = os.fstat(number).st_size
            self.leave_out(seq)
        self._changes += 1

    def _cut_back(self, segment: Segment, number: int) -> bool:
        """Cut off what follows the last whole record; return whether that was possible."""
        try:
            if os.fstat(number).st_size > segment.size:
                self._files.truncate(number, segment.size)
        except OSError:
            return False
        return True

    def _disown(self, segment: Segment, number: int, seq: int, payload: int) -> None:
        segment.events -= 1
        segment.payload -= payload
        segment.size = os.fstat(number).st_size
        self.leave_out(seq)
        self._changes += 1

    def leave_out(self, seq: int) -> None:
        """Note that there is no record with this number, whatever is in the file."""
        self._done.note(seq, seq + 1)

    def _look(self, segment: Segment) -> None:
        """Read what is new in ``segment``, and report what is missing there."""
        # Taken before reading: what a signal handler appends meanwhile is no loss.
        entered, believed = self.entered, segment.believed()
        if not segment.look(self._files):
            return
        lost = believed - segment.found()
        if lost.events > 0 and not self._writing:
            segment.events -= lost.events
            segment.payload -= lost.size
            self._settle_gaps(segment, entered)
            self.on_lost(lost)

    def _settle_gaps(self, segment: Segment, until: int) -> int:
        """Note that missing records have an outcome; return how many they are."""
        missing = 0
        for first, end in segment.gaps(until):
            missing += self._done.unsettled(first, end)
            if end > self.settled:
                self._done.note(max(first, self.settled), end)
        return missing

    def _remove_finished(self) -> None:
        while self._segments and self._segments[0].end <= self.settled:
            oldest = self._segments[0]
            if oldest is self._segments[-1] and (self._writing or oldest.end < self.entered):
                break
            if oldest is self.end.newest:  # so that a signal handler does not take it for deleted
                self.end.newest = None
            del self._segments[0]
            self._changes += 1
            self._finished.append(oldest.path)
            if oldest not in self._unsynced:
                oldest.close()
        for path in tuple(self._finished):
            self._files.remove(path)
            with contextlib.suppress(ValueError):  # a signal handler has done the same
                self._finished.remove(path)


_size_of: Final[Callable[[Segment], int]] = attrgetter("size")


def _first_of(segment: Segment) -> int:
    return segment.first


def _nobody_listens(_: Count) -> None:
    return None
