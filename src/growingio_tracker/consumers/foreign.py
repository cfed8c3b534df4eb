"""Support for consumers written for 1.0.5: objects of any class with a ``send`` method."""

from __future__ import annotations

from collections.abc import Callable

from growingio_tracker.consumers.base import Consumer
from growingio_tracker.delivery.contract import Destination
from growingio_tracker.model.arguments import WRONG_TYPE
from growingio_tracker.model.messages import Message
from growingio_wire.errors import GrowingParamException


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
    return GrowingParamException(
        "consumer must be a consumer such as AsyncBufferedConsumer(…), or an object with a "
        f"send(message) method, got {type(value).__name__}",
        "consumer",
        code=WRONG_TYPE,
    )
