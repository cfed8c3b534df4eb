"""What the delivery strategies of this package share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from growingio_tracker._overrides import is_overridden_before
from growingio_tracker.consumers.base import Consumer, Options, is_disabled
from growingio_tracker.delivery.engine import DisabledEngine, Engine, Parts
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.formats.base import as_data_parser
from growingio_tracker.message import Message
from growingio_tracker.record import to_record
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Strategy(Consumer):
    """What the delivery strategies of this package share: an engine, and how to close it.

    A subclass that overrides :meth:`send`, as 1.0.5 allowed, gets every message there.

    :param data_parser: the format of the bodies; ``None`` is JSON.
    """

    disabled = False
    """Accept and discard everything from the first event on, as ``GROWINGIO_DISABLED`` does."""

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: object = None,
        retry_limit: int = 3,
        request_timeout: float = 5,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            product_id,
            data_source_id,
            server_host,
            retry_limit,
            request_timeout,
            retry_backoff_factor,
            verify_cert,
            **options,
        )
        if data_parser is not None:
            self._data_parse = as_data_parser(data_parser)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_overridden_before(cls, frozenset({"send"}), "accept"):
            cls.accept = Consumer._accept_by_send  # type: ignore[method-assign]

    def accept(self, kind: Kind, record: bytes) -> Receipt | None:
        """Take in one record from a tracker; return a receipt if the strategy gives one.

        :raises GrowingIOException: as the strategy says.
        """
        return self._engines.get().offer(kind, record)

    def send(self, message: Message) -> None:
        """Check a message and take it in, as if a tracker had sent it.

        :raises GrowingParamException: when it cannot be sent.
        :raises GrowingIOException: as the strategy says.
        """
        record, left_out = to_record(message, self._clock.now_ms())
        if left_out:
            self.report_left_out(left_out)
        Strategy.accept(self, message.kind, record)

    def post_data(self, request_url: str, messages: Sequence[Message]) -> bool:
        """Post ``messages``, all of one kind, now; return whether the server accepted them.

        It goes past queue and statistics.

        :raises TransportError: when no answer came.
        """
        parser = self._data_parse
        stm = parser.get_timestamp()
        body = parser.get_bytes(messages, stm)
        return self.send_data(request_url, body, parser.get_params(stm), parser.get_headers())

    def _make_engine(self) -> Engine:
        parts = self._parts()
        return DisabledEngine(parts) if self.is_off else self._strategy(parts)

    @property
    def is_off(self) -> bool:
        """Whether nothing at all is to be sent: ``disabled``, or as ``GROWINGIO_DISABLED`` asks."""
        return self.disabled or is_disabled()

    def _strategy(self, parts: Parts) -> Engine:
        raise NotImplementedError
