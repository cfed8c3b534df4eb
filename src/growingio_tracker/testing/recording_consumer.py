"""A consumer for tests."""

from __future__ import annotations

from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.contract import OnError
from growingio_tracker.delivery.engine import Engine
from growingio_tracker.testing.memory_transport import MemoryTransport
from growingio_tracker.testing.recording import Recording, WouldSendError
from growingio_tracker.testing.recording_engine import RecordingEngine


class RecordingConsumer(Recording, Strategy):
    """Records what is tracked instead of sending it.

    Events go through the same checks and the same encoding as with every consumer, and count as
    delivered. It has no thread and no socket, and it records also where ``GROWINGIO_DISABLED`` is
    set. ::

        consumer = RecordingConsumer()
        shop = Shop(GrowingTracker.consumer(consumer))
        shop.pay("u1")
        consumer.assert_tracked("order_paid", user_id="u1")

    :param product_id: what messages have as their project.
    :param data_source_id: what messages have as their data source.
    :param server_host: what :attr:`endpoints` begin with; nothing is ever sent there.
    :param on_error: as every consumer has it.
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
            transport=MemoryTransport(),  # never used, but the one of HTTP takes longer to import
        )

    def _make_engine(self) -> Engine:
        return RecordingEngine(self, self.record, _would_send)


def _would_send(what: str) -> WouldSendError:
    return WouldSendError(f"{what}, but a RecordingConsumer only records what trackers hand over")
