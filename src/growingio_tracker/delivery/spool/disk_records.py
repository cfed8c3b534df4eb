"""Records of one lane, kept in a journal of a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from growingio_tracker.core import NEWS, NOT_LET_IN, Admission
from growingio_tracker.delivery import Batch, BatchLimits
from growingio_tracker.delivery.spool import unusable
from growingio_tracker.delivery.spool.journal import Journal
from growingio_tracker.delivery.spool.segment import Count
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import SpoolError, said_of
from growingio_wire.said import Said

_PLAUSIBLE_FROM_MS: Final = 1_577_836_800_000
"""The year 2020. Older records were tracked with a wrong clock."""
_PLAUSIBLE_PAUSE_MS: Final = 400 * 24 * 3600 * 1000
"""A record that exceeds its maximum age by this much comes from a wrong clock, then or now."""
_NOTHING_LEFT: Final = Said("queued events are missing from the spool", "spool 中缺少排队的事件")


class NothingLeftError(SpoolError):
    """All remaining records are missing. They were reported, and nothing else is wrong."""


class EntryTime:
    """The time when records enter: the wall clock at the start, advanced by the monotonic clock.

    A later jump of the wall clock cannot expire records that have just entered.

    :ivar wall_ms: what to add to the machine's monotonic clock; ``None`` with another clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._begun_ms = clock.now_ms() - int(clock.monotonic() * 1000)
        self.wall_ms = self._begun_ms if clock is SYSTEM_CLOCK else None

    def now_ms(self) -> int:
        """Return the time, in Unix milliseconds."""
        return self._begun_ms + int(self._monotonic() * 1000)


class DiskRecords:
    """Records in a journal. See :class:`~growingio_tracker.delivery.Records`.

    Records in flight stay in the journal until they have an outcome. Those that an earlier process
    left are queued from the beginning, and do not linger again.

    :param time: the time at which a record enters.
    :param on_lost: called with records that were counted and are missing.
    :ivar end: the journal's end, which counts the queued records. The compiled core lets records
        in there, in one step, if nothing else has to be done.
    """

    def __init__(
        self,
        journal: Journal,
        limits: BatchLimits,
        time: EntryTime,
        on_lost: Callable[[Count], None],
    ) -> None:
        self._journal = journal
        self._limits = limits
        self._now_ms = time.now_ms
        self._on_lost = on_lost
        there, self.missing = journal.contents()
        self.end = end = journal.end
        end.keep_time(time.now_ms, time.wall_ms)
        end.max_events, end.max_bytes = limits.max_events, limits.max_bytes
        end.waiting, end.size = there
        end.first = journal.settled
        self._lingered_to = journal.entered
        self._flight = (0, 0)  # from and to before which seq records were taken without outcome
        journal.on_lost = self._lost

    @property
    def next_seq(self) -> int:
        """The seq of the next record that enters."""
        return self._journal.entered

    def __len__(self) -> int:
        return self.end.waiting

    @property
    def size(self) -> int:
        """The total size of the queued records."""
        return self.end.size

    def let_go(self) -> None:
        """Queue nothing any more: the store belongs to another process."""
        self.end.is_let_go = True
        self.end.waiting = self.end.size = 0

    def enter(self, admission: Admission, record: bytes) -> int:
        """Write one record after all others, if there is room; see Records."""
        end = self.end
        entered = end.enter(admission, record)
        if entered != NOT_LET_IN:
            return entered
        size = len(record)
        if end.is_let_go or not admission.has_room(size):
            return NOT_LET_IN
        numbers: list[int] = []
        try:
            seq = self._journal.append(self._now_ms(), record, numbers)
            if not end.waiting or seq < end.first:
                end.first = seq
            # No call and no jump from here on, because a signal handler could run there: it must
            # not find, and deliver, a queued record that has not been accepted yet.
            admission.pending += 1
            admission.pending_bytes += size
            end.waiting += 1
            total = end.size + size
            end.size = total
        except OSError as error:
            raise unusable(self._journal.path.parent, error) from error
        except BaseException:  # a signal handler raised, before the record was counted
            for number in numbers:
                self._journal.leave_out(number)
            raise
        begins_or_fills = end.waiting in (1, end.max_events)
        if begins_or_fills or total >= end.max_bytes > total - size:
            return NEWS - seq
        return seq

    def first_seq(self) -> int:
        """Return the seq of the oldest queued record; of the next one if there is none."""
        return self.end.first if self.end.waiting else self.next_seq

    def came_back(self) -> bool:
        """Return whether the oldest queued record has lingered before."""
        return self.first_seq() < self._lingered_to

    def is_done(self) -> bool:
        """Return whether nothing is queued or in flight."""
        return not (self.end.waiting or self.in_flight)

    @property
    def in_flight(self) -> bool:
        """Whether something was taken that has no outcome."""
        return self._flight[0] < self._flight[1]

    def take(self) -> tuple[int, tuple[bytes, ...], int]:
        """Take the next batch; see Records."""
        end = self.end
        while True:
            first, waiting = end.first, end.waiting
            # Only what has been counted: another record may be just being written.
            most = min(end.max_events, waiting)
            try:
                start, records, size = self._journal.read(first, most, end.max_bytes)
            except OSError as error:
                raise SpoolError(said_of(error)) from error
            events = len(records)
            flight = (start, start + events)
            # Nothing is called or created from here on, so no signal handler or destructor can run:
            # either one has run in the meantime, or none will.
            if end.first == first and end.waiting == waiting:
                break
        if not events:
            self._lost(Count(end.waiting, end.size))
            raise NothingLeftError(_NOTHING_LEFT)
        end.first = start + events
        self._flight = flight
        end.waiting -= events
        end.size -= size
        self._skip_done()
        return start, records, size

    def read_ahead(self, batch: Batch) -> None:
        """Read a part of what follows a batch.

        :raises OSError: if it cannot be read.
        """
        self._journal.read_ahead(batch.end_seq)

    def put_back(self, batch: Batch) -> None:
        """Queue the records of a batch, which never left the journal, at the head again."""
        # If several rejected parts of a batch cannot be kept elsewhere, each comes back by itself.
        self._land(batch)
        first, behind, events, size = batch.first_seq, batch.end_seq, len(batch), batch.size
        end = self.end
        # No call up to the counts, because a signal handler could run during it.
        if not end.waiting or first < end.first:
            end.first = first
        end.waiting += events
        end.size += size
        self._lingered_to = max(self._lingered_to, behind)

    def drop_oldest(self) -> int:
        """Drop the oldest queued record; return its size."""
        end = self.end
        while True:
            first = end.first
            oldest = self._journal.next_from(first)
            if oldest is None:
                return self._drop_missing()
            seq, size = oldest.seq, len(oldest.record)
            if end.first == first:
                break  # unless a signal handler has dropped it in the meantime
        end.first = seq + 1
        end.waiting -= 1
        end.size -= size
        self._journal.settle(seq, seq + 1)
        self._skip_done()
        return size

    def drop_all(self) -> tuple[int, int]:
        """Leave the journal to the next process; nothing is lost."""
        self.end.waiting = self.end.size = 0
        return 0, 0

    def expire(self, now_ms: int, max_age_ms: int) -> tuple[int, int]:
        """Drop what is older; return how many records and bytes are lost."""
        first = behind = self.end.first
        if not self.end.waiting:
            return 0, 0
        for entry in self._journal.waiting_from(first):
            if not _is_too_old(entry.at_ms, now_ms, max_age_ms):
                break
            behind = entry.seq + 1
        dropped = self._journal.measure(self.end.first, behind)
        if dropped.events:
            self._drop_to(behind, dropped)
        return dropped

    def remove(self, batch: Batch) -> None:
        """Remove records that have an outcome.

        :raises OSError: if a file that has become empty cannot be removed; that is tried again.
        """
        self._land(batch)
        self._journal.settle(batch.first_seq, batch.end_seq)

    def remove_settled(self) -> None:
        """Remove files that have become empty; see :meth:`remove`."""
        self._journal.settle(0, 0)

    def _land(self, batch: Batch) -> None:
        self._flight = (batch.end_seq, self._flight[1])

    def _drop_missing(self) -> int:
        """Drop one of the records that were counted and are missing; report the others as lost.

        :raises IndexError: if it is just being written.
        """
        end = self.end
        if self._journal.is_writing or not end.waiting:
            raise IndexError("nothing waits")
        size, end.size = end.size, 0
        self._lost(Count(end.waiting - 1, 0))
        end.waiting = 0
        return size

    def _drop_to(self, behind: int, dropped: Count) -> None:
        end = self.end
        end.waiting -= dropped.events
        end.size -= dropped.size
        self._journal.settle(end.first, behind)
        end.first = behind
        self._skip_done()

    def _skip_done(self) -> None:
        """Go on to the oldest record without an outcome, unless a signal handler just did."""
        end, first = self.end, self.end.first
        waits = self._journal.skip_done(first)
        if end.first == first:
            end.first = waits

    def _lost(self, count: Count) -> None:
        self.end.waiting -= count.events
        self.end.size -= count.size
        self._on_lost(count)


def _is_too_old(at_ms: int, now_ms: int, max_age_ms: int) -> bool:
    """Return whether a record is too old. Implausible times make none too old."""
    beyond_ms = now_ms - at_ms - max_age_ms
    return at_ms >= _PLAUSIBLE_FROM_MS and 0 < beyond_ms < _PLAUSIBLE_PAUSE_MS
