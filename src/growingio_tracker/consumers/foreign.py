"""Consumers that are none of ours."""

from __future__ import annotations

from collections.abc import Callable

from growingio_tracker.consumers.base import Consumer
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import Message


class _ForeignConsumer(Consumer):
    """Puts an object that only has a ``send`` method behind a tracker.

    1.0.5 also took consumers that did not call their base class's constructor.
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
    """Return ``consumer`` as a tracker needs it.

    :raises GrowingParamException: when it has no ``send`` method.
    """
    if isinstance(consumer, Consumer) and hasattr(consumer, "_engines"):
        return consumer
    send = getattr(consumer, "send", None)
    if not callable(send):
        raise GrowingParamException(
            "consumer must be a consumer such as AsyncBufferedConsumer(…), or an object with a "
            f"send(message) method; got {type(consumer).__name__}"
        )
    return _ForeignConsumer(send, product_id, data_source_id, server_host)
