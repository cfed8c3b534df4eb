"""Helpers for tests: recorded events instead of requests, and a clock under the test's control."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from growingio_tracker.consumers.pipelines import MakesSenders, pipelines_by
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.attempts import Attempt
from growingio_tracker.delivery.drivers import Nobody
from growingio_tracker.delivery.overflow import CLOSED, REFUSED_CLOSED
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.receipt import DELIVERED, Receipt, receipt_of
from growingio_tracker.model.losses import OnError
from growingio_tracker.testing.fakes import Answer, FakeClock, MemoryTransport
from growingio_tracker.testing.recorded_event import (
    RecordedEvent,
    RecordedKind,
    Wanted,
    as_recorded,
    listed,
    why,
)
from growingio_wire.errors import GrowingError
from growingio_wire.http import Request, guarded
from growingio_wire.table import Kind

__all__ = [
    "Answer",
    "FakeClock",
    "MemoryTransport",
    "RecordedEvent",
    "RecordedKind",
    "Recording",
    "RecordingConsumer",
    "WouldSendError",
    "record_everything",
]


class WouldSendError(GrowingError, AssertionError):
    """Something tried to use the network while everything is being recorded."""


class Recording:
    """The events of a :class:`RecordingConsumer`, or of everything in a test.

    It may be used from any thread. An event is recorded before the call that tracks it returns.
    """

    def __init__(self) -> None:
        self._recorded: list[RecordedEvent] = []

    @property
    def events(self) -> tuple[RecordedEvent, ...]:
        """The events tracked so far, oldest first."""
        return tuple(self._recorded)

    def assert_tracked(
        self, name: str | None = None, count: int | None = None, **match: object
    ) -> tuple[RecordedEvent, ...]:
        """Check that an event was tracked, and return those that match, oldest first.

        ::

            [paid] = recording.assert_tracked("order_paid", count=1, user_id="u1", sku="A-1")

        :param name: the event's name, or an item's key; ``None`` matches any.
        :param count: the exact number of matches; ``None`` is at least one, 0 is none.
        :param match: fields of :class:`RecordedEvent`: ``kind``, ``user_id``, ``user_key``,
            ``anonymous_id``, ``item_id``, ``time_ms``; every other keyword is an attribute.
            Pass attributes whose names are not valid keywords, or are one of these, as
            ``attributes={…}``. ``None`` means that the event must not have it. Write attribute
            values as for tracking: ``["a", "b"]`` matches what is sent as ``a||b``. Other
            attributes do not matter.
        :raises AssertionError: if not; the message lists what was tracked, and what came closest.
        :raises GrowingParamException: if ``attributes`` is not a mapping.
        """
        __tracebackhide__ = True
        wanted, events = Wanted(name, match), self.events
        found = tuple(event for event in events if not wanted.differences(event))
        if not found if count is None else len(found) != count:
            raise AssertionError(why(wanted, len(found), count, events))
        return found

    def assert_nothing_tracked(self) -> None:
        """Check that nothing was tracked.

        :raises AssertionError: if something was; the message lists it.
        """
        __tracebackhide__ = True
        if events := self.events:
            raise AssertionError(f"Expected no events. {listed(events)}")

    def clear(self) -> None:
        """Remove the events tracked so far."""
        self._recorded.clear()

    def record(self, kind: Kind, record: bytes) -> None:
        """Accept one record from a tracker."""
        self._recorded.append(as_recorded(kind, record))


_DELIVERED: Final = receipt_of(DELIVERED)


class RecordingConsumer(Recording, Strategy):
    """Records what is tracked instead of sending it.

    Events are validated and encoded as with every consumer, and count as delivered. It has no
    thread and no socket, and records even if ``GROWINGIO_DISABLED`` is set. ::

        consumer = RecordingConsumer()
        shop = Shop(GrowingTracker.consumer(consumer))
        shop.pay("u1")
        consumer.assert_tracked("order_paid", user_id="u1")

    :param product_id: the project of the messages.
    :param data_source_id: the data source of the messages.
    :param server_host: the server in :attr:`endpoints`; nothing is ever sent there.
    :param on_error: as for every consumer.
    """

    def __init__(
        self,
        product_id: str = "test-project",
        data_source_id: str = "test-source",
        server_host: str = "http://growingio.invalid",
        *,
        on_error: OnError | None = None,
    ) -> None:
        Recording.__init__(self)
        Strategy.__init__(
            self,
            product_id,
            data_source_id,
            server_host,
            on_error=on_error,
            transport=MemoryTransport(),  # never used; HTTP takes longer to import
        )

    def _make_pipeline(self) -> Pipeline:
        return _recording_pipeline(self, self.record, _would_send)


def _would_send(what: str) -> WouldSendError:
    return WouldSendError(f"{what}, but a RecordingConsumer only records what trackers pass to it")


_ADVICE: Final = (
    "nothing may reach the network while everything is being recorded. Track through a tracker, "
    "or pass a transport of your own, such as MemoryTransport()"
)


@contextmanager
def record_everything(
    where: str = "a block of record_everything()",
) -> Generator[Recording, None, None]:
    """Record what any consumer of this process tracks in the block, and send nothing.

    That includes consumers created earlier, for example on import, in any thread; they are restored
    when the block ends. In the block, their ``stats()`` start at 0, and closing them has no lasting
    effect. Events queued before the block stay queued: attempts to send them fail, and are repeated
    afterwards. A consumer that overrides ``send`` is recorded, too; its ``send`` is called only if
    it belongs to one of this package's strategies.

    Other processes are not affected; set ``GROWINGIO_DISABLED=1`` for those.

    :param where: the name of the block in errors.
    :raises WouldSendError: if something in the block, such as a consumer of your own, tried to use
        the network; raised there, and again at the end of the block.
    """
    everything = _Everything(where)
    with pipelines_by(everything.pipeline) as set_aside, guarded(everything.forbid):
        everything.set_aside = set_aside
        yield everything
    everything.check()


class _Everything(Recording):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.set_aside: list[Pipeline] = []
        self._where = where
        self._attempts: list[str] = []

    def pipeline(self, consumer: MakesSenders) -> Pipeline:
        def record(kind: Kind, record: bytes) -> None:
            self.record(kind, record)
            if isinstance(consumer, RecordingConsumer):
                consumer.record(kind, record)

        return _recording_pipeline(consumer, record, self._would_send)

    def forbid(self, request: Request) -> None:
        what = f"a request to {request.address} would be sent"
        error = self._error(what)
        thread = threading.get_ident()
        # Attempts of earlier consumers' threads are not this test's fault.
        if not any(thread in pipeline.sender.attempting for pipeline in self.set_aside):
            self._attempts.append(what)
        raise error

    def check(self) -> None:
        if self._attempts:
            raise self._error(", and ".join(dict.fromkeys(self._attempts)))

    def _would_send(self, what: str) -> WouldSendError:
        self._attempts.append(what)
        return self._error(what)

    def _error(self, what: str) -> WouldSendError:
        return WouldSendError(f"{what} in {self._where}, but {_ADVICE}")


def _recording_pipeline(
    consumer: MakesSenders,
    record: Callable[[Kind, bytes], None],
    would_send: Callable[[str], WouldSendError],
) -> Pipeline:
    """Return a pipeline that passes records to ``record`` and counts them as delivered.

    :param consumer: the pipeline's consumer, named in errors if it tries to send.
    :param would_send: called for each such attempt; returns the error to raise.
    """
    name = repr(consumer)

    def forbid(request: Request) -> Attempt:
        raise would_send(f"{name} would post to {request.address}")

    def drive(pipeline: Pipeline) -> Nobody:
        def take_in(kind: Kind, one: bytes) -> Receipt:
            if pipeline.interrupt.closing:
                pipeline.refuse(CLOSED)
                return REFUSED_CLOSED
            with pipeline.ledger.lock:
                pipeline.ledger.count_accepted(len(one))
                pipeline.ledger.count_delivered(1, len(one))
            record(kind, one)
            return _DELIVERED

        return Nobody(pipeline, take_in)

    sender = consumer.new_sender(MemoryTransport())
    return Pipeline(sender, drive, close_timeout_s=0.0, post=forbid)
