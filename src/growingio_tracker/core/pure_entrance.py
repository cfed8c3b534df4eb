"""Short way of plain events into a waiting room, in the pure core.

It belongs to one process. That is what the numbers of processes are for, and the memory that a
forked child finds empty.
"""

from __future__ import annotations

import mmap
import os
from threading import get_ident
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from growingio_tracker.core.contract import NEWS, NOT_LET_IN, Announce, Doorway
from growingio_tracker.core.pure_journal import JournalEnd
from growingio_tracker.core.pure_ring import Admission, Ring

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


class ReceiptBase(msgspec.Struct, frozen=True):
    """Where the event of one call is queued: what knows its outcome, its lane, and its seq."""

    _outcomes: Any
    _lane: int
    _seq: int


_R = TypeVar("_R", bound=ReceiptBase)

# What a record meets: the senders, the doorway, the admission, the ring, the type of receipts, and
# what these refer to besides their seq: the outcomes, and the lane.
_Inside: TypeAlias = tuple[set[int], Doorway, Admission, Any, Any, object, int]


class Entrance(Generic[_R]):
    """A pipeline's shortcut into its waiting room, for plain events of this process.

    It is open while nothing unusual has to be checked. In a forked child, the parent's is closed.

    :param receipt_type: :class:`ReceiptBase` or a class that extends it, with the same parameters.
    :param outcomes: where receipts look up their outcome.
    :param ring: where records go; ``None`` if they go to disk, for which this core has no shortcut.
    :param lane: the number of the ring's lane, for receipts.
    :param senders: the threads that are making a request; their events do not take the shortcut.
    :param announce: called with the seq of each record that begins a wait or fills a batch; if it
        is ``None``, such a record does not take the shortcut.
    :param doorway: lets records enter one at a time.
    :ivar mark: its only byte is 1 while this is open, in this process.
    :ivar inside: what a record meets, for :class:`~growingio_tracker.core.pure_calls.PlainCalls`.
    """

    __slots__ = ("_announce", "_can_open", "inside", "mark")

    def __init__(
        self,
        receipt_type: type[_R],
        outcomes: object,
        admission: Admission,
        ring: Ring | None,
        lane: int,
        senders: set[int],
        announce: Announce | None,
        doorway: Doorway,
    ) -> None:
        self._announce: Any = announce
        # It is no NamedTuple, because Python unpacks a plain tuple in less time.
        self.inside: _Inside = (senders, doorway, admission, ring, receipt_type, outcomes, lane)
        # A page of its own, because asking for the process's number takes longer. It never opens on
        # systems without such pages, which a forked child finds empty.
        page = wiped_page()
        self._can_open = page is not None and ring is not None
        self.mark: mmap.mmap | bytearray = bytearray(1) if page is None else page

    @property
    def is_open(self) -> bool:
        """Whether it is open, in this process."""
        return bool(self.mark[0])

    def open(self) -> None:
        """Let records in from now on, in this process."""
        if self._can_open:
            self.mark[0] = 1

    def shut(self) -> None:
        """Let nothing in any more."""
        self.mark[0] = 0

    def lead_to(self, journal: JournalEnd | None, lane: int, announce: Announce | None) -> None:
        """Let records into that journal from now on. This core has no shortcut to disk."""

    def offer(self, record: bytes) -> _R | None:
        """Let one record in and return its receipt; ``None`` if it must not take the shortcut."""
        senders, doorway, admission, ring, receipt_type, outcomes, lane = self.inside
        if not self.mark[0] or (senders and get_ident() in senders):
            return None
        if doorway.busy:
            doorway.let_leave()
        is_news = False
        with doorway.lock:
            doorway.busy = True
            try:
                is_news = ring.would_be_news(len(record))
                if is_news and self._announce is None:
                    return None
                seq = ring.enter(admission, record)
                if seq == NOT_LET_IN:
                    return None
                if is_news:
                    seq = NEWS - seq
                    self._announce(seq)
                receipt: _R = receipt_type(outcomes, lane, seq)
            except BaseException:
                # A signal handler raised, perhaps before the news was told: nobody would send the
                # record otherwise.
                if is_news and self._announce is not None:
                    self._announce(ring.next_seq - 1)
                raise
            else:
                return receipt
            finally:
                doorway.busy = False


class ShortWay:
    """A tracker's reference to a consumer, which leads to the consumer's current entrance.

    :ivar entrance: that entrance; ``None`` if there is none.
    """

    __slots__ = ("entrance",)

    def __init__(self) -> None:
        self.entrance: Entrance[Any] | None = None

    def lead_to(self, entrance: Entrance[Any] | None) -> None:
        """Lead to that entrance from now on; ``None`` leads nowhere."""
        self.entrance = entrance
