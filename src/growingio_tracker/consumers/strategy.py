"""Strategies: the base class of this package's own, and the adapter of consumers from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.options import ConsumerOptions, QueueOptions
from growingio_tracker.consumers.pipelines import is_disabled
from growingio_tracker.core import ShortWay
from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.drivers import Nobody
from growingio_tracker.delivery.formats import is_overridden_before
from growingio_tracker.delivery.lanes import Lanes
from growingio_tracker.delivery.pipeline import Driver, Pipeline
from growingio_tracker.delivery.queue import WaitingRoom
from growingio_tracker.delivery.receipt import DELIVERED, Fate, Receipt
from growingio_tracker.delivery.sender import DeliversBatches, Sender
from growingio_tracker.model import Message
from growingio_tracker.model.arguments import WRONG_TYPE
from growingio_tracker.model.record import to_record
from growingio_wire.errors import GrowingParamException, must_be
from growingio_wire.said import Said
from growingio_wire.table import Kind

_O = TypeVar("_O", bound=ConsumerOptions)

_CONSUMER: Final = Said(
    "a consumer such as AsyncBufferedConsumer(…), or an object with a send(message) method",
    "带有 send(message) 方法的对象，例如 AsyncBufferedConsumer(…)",
)

Compose: TypeAlias = Callable[[_O, Sender], Pipeline]
"""Factory of a strategy's pipeline from its options."""


class Strategy(Consumer):
    """A consumer made of options and of a function that composes a pipeline from them.

    If a subclass overrides :meth:`send`, as in 1.0.5, it is called with every message.
    """

    disabled = False
    """Whether to accept and discard every event, like ``GROWINGIO_DISABLED``."""

    def _begin_with(self, options: _O, compose: Compose[_O]) -> None:
        """Initialise the strategy with options and its composition."""
        self._compose: Callable[[Sender], Pipeline] = partial(compose, options)
        self._begin(options)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_overridden_before(cls, frozenset({"send"}), "accept"):
            cls.accept = Consumer.accept_by_send  # type: ignore[method-assign]

    def accept(self, kind: Kind, record: bytes) -> Receipt:
        """Accept one record from a tracker, and return its receipt.

        :raises GrowingIOException: see the strategy.
        """
        return self._pipelines.get().offer(kind, record)

    @property
    def short_way(self) -> ShortWay:
        """The pipeline's shortcut, or none if a subclass overrides :meth:`accept`."""
        accepts_as_we_do = type(self).accept is Strategy.accept
        return self._pipelines.short_way if accepts_as_we_do else super().short_way

    def send(self, message: Message) -> None:
        """Check and accept a message, as if it came from a tracker.

        :raises GrowingParamException: if it cannot be sent.
        :raises GrowingIOException: see the strategy.
        """
        record, left_out = to_record(message, self._options.clock.now_ms())
        if left_out:
            self.report_left_out(left_out)
        Strategy.accept(self, message.kind, record)

    def post_data(self, request_url: str, messages: Sequence[Message]) -> bool:
        """Post ``messages``, all of one kind, now; return whether the server accepted them.

        It bypasses the queue and the statistics.

        :raises TransportError: if there was no response.
        """
        parser = self._data_parse
        stm = parser.get_timestamp()
        body = parser.get_bytes(messages, stm)
        return self.send_data(request_url, body, parser.get_params(stm), parser.get_headers())

    def _make_pipeline(self) -> Pipeline:
        sender = self.new_sender()
        if self.is_off:
            return Pipeline(
                sender, Nobody.discarding, close_timeout_s=self._options.close_timeout_s
            )
        return self._compose(sender)

    @property
    def is_off(self) -> bool:
        """Whether sending is switched off by ``disabled`` or ``GROWINGIO_DISABLED``."""
        return self.disabled or is_disabled()


def queued(
    options: QueueOptions,
    sender: DeliversBatches,
    drive: Callable[[Pipeline], Driver],
    lanes: Lanes,
    accepted_as: Fate = DELIVERED,
) -> Pipeline:
    """Return a pipeline that queues records in ``lanes`` until ``drive`` sends them."""
    room = WaitingRoom(
        lanes, options.queue, sender.ledger, sender.reporter, options.clock, accepted_as
    )
    return Pipeline(sender, drive, room, close_timeout_s=options.close_timeout_s)


class _ForeignConsumer(Consumer):
    """Adapts an object that only has a ``send`` method to what a tracker needs.

    1.0.5 also accepted consumers that did not call their base class's constructor.
    """

    def __init__(
        self, send: Callable[[Message], object], product_id: str, data_source_id: str, host: str
    ) -> None:
        super().__init__(product_id, data_source_id, host)
        self._send = send

    def send(self, message: Message) -> None:
        self._send(message)


def as_consumer(
    consumer: object, product_id: str, data_source_id: str, server_host: str
) -> Consumer:
    """Return ``consumer``, adapted if necessary.

    :raises GrowingParamException: if it has no ``send`` method.
    """
    if isinstance(consumer, Consumer) and hasattr(consumer, "_pipelines"):
        return consumer
    send = getattr(consumer, "send", None)
    if not callable(send):
        raise _no_consumer(consumer)
    return _ForeignConsumer(send, product_id, data_source_id, server_host)


def destination_of(consumer: object) -> Destination:
    """Return the destination of a consumer's events.

    As in 1.0.5, it is read from these attributes, whatever the consumer's class.

    :raises GrowingParamException: if it is not a consumer.
    """
    try:
        return Destination(*(getattr(consumer, f"_{name}") for name in Destination._fields))
    except AttributeError:
        raise _no_consumer(consumer) from None


def _no_consumer(value: object) -> GrowingParamException:
    """Return the error for a value that is not a consumer."""
    return must_be(_CONSUMER, type(value).__name__, "consumer", code=WRONG_TYPE)
