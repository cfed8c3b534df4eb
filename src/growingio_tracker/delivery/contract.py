"""The words of the engine: batch, outcome, limits, problem, statistics, and the queue contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from msgspec import Struct, field

from growingio_tracker.exceptions import GrowingIOException, GrowingParamException
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from growingio_tracker.delivery.receipt import Receipt

Overflow: TypeAlias = Literal["drop_new", "drop_oldest", "block", "raise"]


class Batch(Struct, frozen=True):
    """Records of one kind that leave together.

    :param first: the place of the first record among all that entered its lane of the queue.
    :param store: which of a spool's files it comes from; 0 in memory.
    """

    kind: Kind
    records: tuple[bytes, ...]
    first: int = 0
    store: int = 0

    def __len__(self) -> int:
        return len(self.records)

    def halves(self) -> tuple[Batch, Batch]:
        """Return the two halves of a batch of at least two records, in order."""
        middle = len(self.records) // 2
        return self.before(middle), self.after(middle)

    def before(self, events: int) -> Batch:
        """Return the first ``events`` records."""
        return Batch(self.kind, self.records[:events], self.first, self.store)

    def after(self, events: int) -> Batch:
        """Return what stands behind the first ``events`` records."""
        return Batch(self.kind, self.records[events:], self.first + events, self.store)

    def followed_by(self, parts: list[Batch]) -> Batch:
        """Return this batch and the ``parts`` that stand right behind it as one."""
        records = self.records + tuple(record for part in parts for record in part.records)
        return Batch(self.kind, records, self.first, self.store)


class Delivered(Struct, frozen=True):
    """The server accepted the batch."""


class Rejected(Struct, frozen=True):
    """The batch can never be delivered: sending it again would be refused again."""

    reason: str
    error: GrowingIOException


class Kept(Struct, frozen=True):
    """The batch was not delivered and keeps its place.

    :param rest_s: seconds to leave the server alone before the next try.
    :param everywhere: whether the whole server is to be left alone, or only this kind's address.
    """

    error: GrowingIOException
    rest_s: float
    everywhere: bool = True


Outcome: TypeAlias = Delivered | Rejected | Kept


class Problem(Struct, frozen=True):
    """What ``on_error`` is told.

    :param reason: a short fixed word, the same as in :class:`Stats`, for instance ``queue_full``.
    :param detail: a sentence. It never holds attribute values or ids.
    :param events: how many events it cost; 0 when none was lost.
    """

    reason: str
    detail: str
    events: int = 0


OnError: TypeAlias = Callable[[Problem], object]


class QueueLimits(Struct, frozen=True):
    """How much may wait, and what happens beyond it.

    :param max_events: at most this many events wait; at least 1.
    :param max_bytes: at most this many bytes of records wait; at least 1.
    :param overflow: what happens to an event that finds no place. ``"drop_new"`` drops it,
        ``"drop_oldest"`` drops the oldest that waits, ``"block"`` waits up to ``block_s`` and then
        drops it, ``"raise"`` raises :class:`~growingio_tracker.exceptions.QueueFullError`. Every
        loss is counted and reported.
    :param block_s: seconds that ``"block"`` waits at most; 0 does not wait.
    """

    max_events: int = 100_000
    max_bytes: int = 64 * 1024 * 1024
    overflow: Overflow = "drop_new"
    block_s: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("max_events", self.max_events), ("max_bytes", self.max_bytes)):
            if value < 1:
                raise GrowingParamException(f"QueueLimits: {name} must be at least 1, got {value}")
        if self.overflow not in ("drop_new", "drop_oldest", "block", "raise"):
            raise GrowingParamException(
                "QueueLimits: overflow must be drop_new, drop_oldest, block or raise, "
                f"got {self.overflow!r}"
            )
        if self.block_s < 0:
            raise GrowingParamException("QueueLimits: block_s must not be negative")


class BatchLimits(Struct, frozen=True):
    """When a batch leaves: as soon as one of the three is reached.

    :param max_events: this many records of one kind wait, and no batch holds more.
    :param max_bytes: this many bytes of them wait; a batch holds more only if one record does.
    :param linger_s: the oldest has waited this many seconds; ``None`` waits for the others.
    """

    max_events: int = 500
    max_bytes: int = 5 * 1024 * 1024
    linger_s: float | None = 10.0


class Stats(Struct, frozen=True):
    """What became of every event of one consumer in this process, at one instant.

    ``accepted == delivered + sum(rejected) + sum(dropped) + pending + handed_over``, always.

    :param accepted: events that calls handed over, and those adopted.
    :param delivered: events that the server accepted.
    :param rejected: events that can never be delivered, by reason.
    :param dropped: events that were given up, by reason.
    :param pending: events that wait or are on their way.
    :param pending_bytes: the size of their records.
    :param adopted: those accepted that an earlier process had left in the spool.
    :param handed_over: events that wait in the spool for a relay to send them.
    :param attributes_left_out: attributes that could not be sent; their events were.
    :param experiments_failed: calls of ``experiment()`` that got no answer from the server, or
        whose hit could not be reported.
    :param requests: requests made, repeats included.
    :param retries: the repeats among them.
    :param worker_restarts: how often a worker that had ended was replaced.
    :param last_success_age_s: seconds since the last delivery; ``None`` before the first.
    :param last_error: the last failure as text; ``None`` if there was none.
    """

    accepted: int = 0
    delivered: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    pending: int = 0
    pending_bytes: int = 0
    adopted: int = 0
    handed_over: int = 0
    attributes_left_out: int = 0
    experiments_failed: int = 0
    requests: int = 0
    retries: int = 0
    worker_restarts: int = 0
    last_success_age_s: float | None = None
    last_error: str | None = None


LaneKey: TypeAlias = tuple[int, Kind]
"""One lane of a queue: the store, see :class:`Batch`, and the kind."""

Mark: TypeAlias = Mapping[LaneKey, int]
"""A moment in the life of a queue: for each of its lanes the place of the next record."""


class Queue(Protocol):
    """The waiting room between calls and the sender. Every method may be called from any thread.

    The records of a kind leave in the order in which they entered: the next batch of a kind can be
    taken when all of the last one has been settled.
    """

    senders: set[int]
    """The threads that are sending, callbacks included. They must not wait here."""

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Take in one record, or apply the overflow policy.

        :raises QueueFullError: when the policy is ``"raise"`` and there is no place.
        :raises SpoolError: when the disk cannot take it.
        """
        ...

    def take(self, *, wait: bool = True) -> Batch | None:
        """Return the next batch that is due.

        With ``wait`` it blocks until one is, and returns ``None`` when the queue is closed and
        nothing waits; without, it returns ``None`` when nothing is due now.
        """
        ...

    def may_be_due(self) -> bool:
        """Return False when :meth:`take` would find nothing now; asking this costs less."""
        ...

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """Say what became of a batch, or of its next part. Every taken record is settled once."""
        ...

    def request_flush(self) -> Mark:
        """Make everything that waits due now; return the mark to pass to :meth:`wait_settled`."""
        ...

    def wait_settled(self, mark: Mark, timeout_s: float | None) -> bool:
        """Return whether everything before ``mark`` has an outcome, waiting up to ``timeout_s``.

        ``None`` waits without limit.
        """
        ...

    def close(self) -> None:
        """Refuse further records and make everything that waits due now."""
        ...

    def give_up(self, reason: str, kind: Kind | None = None) -> None:
        """Take no more of what waits, because closing has to end; ``None`` means every kind.

        In memory it is dropped, counted under ``reason``. On disk it stays pending, for the next
        process.
        """
        ...
