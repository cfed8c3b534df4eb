"""Intake between tracker and consumer, where messages are checked, filtered and encoded once.

The options of trackers are here, too, with all defaults and checks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from time import time_ns
from typing import Any, Final

from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.tracker_options import TrackerOptions
from growingio_tracker.core import PlainCalls
from growingio_tracker.delivery.receipt import Fate, Receipt, receipt_of
from growingio_tracker.model import Message
from growingio_tracker.model.arguments import one_of
from growingio_tracker.model.binding import bindings
from growingio_tracker.model.events import (
    PRESET_PROPERTIES,
    CustomEventMessage,
    PresetProperties,
    ResourceItem,
)
from growingio_tracker.model.filters import MessageFilters
from growingio_tracker.model.losses import Problem, Unsendable, unsendable
from growingio_tracker.model.record import plain_events, to_record
from growingio_tracker.model.scalars import is_a
from growingio_tracker.model.subject import ABOUT_NOBODY, OnNobody
from growingio_tracker.model.values import pairs
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.logs import Log
from growingio_wire.table import NOT_USER, Kind

_log: Final = Log("growingio_tracker")


class Intake:
    """Passes messages to ``consumer``.

    :param product_id: the project of every message.
    :param data_source_id: the data source of every message.
    :ivar plain_calls: tracks plain custom events that happen now; ``None`` if filters have to see
        each message.
    """

    def __init__(
        self, product_id: str, data_source_id: str, consumer: Consumer, options: TrackerOptions
    ) -> None:
        self._product_id = product_id
        self._data_source_id = data_source_id
        self._consumer = consumer
        self._options = options
        filters = MessageFilters(options.before_send, options.redact)
        self._filters = filters if filters.is_needed else None
        self.plain_calls = self._plain_calls() if self._filters is None else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Intake, (self._product_id, self._data_source_id, self._consumer, self._options)

    @property
    def drops_invalid(self) -> bool:
        """Whether invalid events are dropped instead of raising."""
        return self._options.on_invalid == "drop"

    def submit(
        self, message: Message, on_nobody: Callable[[], OnNobody] = lambda: "raise"
    ) -> Receipt:
        """Check a message, and pass its record to the consumer.

        :param on_nobody: returns what to do with a message that has neither visitor nor user;
            called only then.
        :raises GrowingParamException: if it cannot be sent, unless invalid events are dropped.
        :raises GrowingIOException: see the consumer.
        """
        try:
            if self._filters is not None:
                filtered = self._filtered(message, self._filters)
                if isinstance(filtered, Problem):
                    return self._drop(filtered)
                message = filtered
            record, left_out = to_record(message, time_ns() // 1_000_000)
            if left_out:
                self._leave_out(left_out)
            if len(record) > self._options.max_event_bytes:
                raise self._too_long(record)
        except GrowingParamException as error:
            if error.code == ABOUT_NOBODY:
                return self._about_nobody(message, error, on_nobody())
            return self.refuse(error)
        return self._consumer.accept(message.kind, record)

    def _about_nobody(
        self, message: Message, error: GrowingParamException, choice: OnNobody
    ) -> Receipt:
        if choice == "raise":
            return self.refuse(error)
        if choice == "notuser" and isinstance(message, CustomEventMessage):
            message.login_user_key = NOT_USER
            # If a filter removes this key again, the event is dropped without another attempt.
            return self.submit(message, lambda: "drop")
        if choice == "warn":
            _log.warning(
                "an event without a visitor or user was dropped: %s", error, stack_info=True
            )
        return self._drop(Problem.of(ABOUT_NOBODY, error.said, 1))

    def submit_event(
        self,
        message: CustomEventMessage,
        item: ResourceItem | None,
        preset: PresetProperties | None,
        on_nobody: Callable[[], OnNobody],
    ) -> Receipt:
        """Submit a custom event that has an item or preset properties."""
        message.resource_item = item
        if preset is not None:
            try:
                for name, value in pairs(preset, "preset"):
                    setattr(message, one_of(name, PRESET_PROPERTIES, "preset"), value)
            except GrowingParamException as error:
                return self.refuse(error)
        return self.submit(message, on_nobody)

    def refuse(self, error: GrowingParamException) -> Receipt:
        """Raise ``error``, or drop the event, depending on the options."""
        if not self.drops_invalid:
            raise error
        return self._drop(Problem.of("invalid", error.said, 1))

    def own(self, message: object) -> Message:
        """Return a copy of the caller's message with this tracker's ids.

        :raises GrowingParamException: if it is not a message.
        """
        if not is_a(message, Message) or not hasattr(message, "kind"):
            got = type(message).__name__
            raise invalid(
                "message must be what a builder's build() returns, for example "
                f"CustomEventMessage.EventBuilder()…build(); got {got}",
                "message 必须是 builder 的 build() 返回的消息，例如 "
                f"CustomEventMessage.EventBuilder()…build()，而不是 {got}",
                "message",
                code="wrong_type",
            )
        own = copy.copy(message)
        own.set_product_id(self._product_id)
        own.set_data_source_id(self._data_source_id)
        return own

    def _plain_calls(self) -> PlainCalls[Receipt]:
        consumer = self._consumer
        limit = self._options.max_event_bytes
        events = plain_events(self._product_id, self._data_source_id, limit)
        return PlainCalls(events, consumer.short_way, consumer.accept, Kind.EVENT, bindings)

    def _drop(self, problem: Problem) -> Receipt:
        self._consumer.refuse(problem)
        return receipt_of(Fate("dropped", problem.reason))

    def _filtered(self, message: Message, filters: MessageFilters) -> Message | Problem:
        """Return the message to send, or the reason why there is none."""
        filters.redact(message)  # before the check, which makes a string of a one-level map
        self._leave_out(message.check(time_ns() // 1_000_000))
        filtered = filters.apply(message)
        return filtered if isinstance(filtered, Problem) else self.own(filtered)

    def _too_long(self, record: bytes) -> GrowingParamException:
        size, limit = len(record), self._options.max_event_bytes
        return invalid(
            f"the event is {size} bytes long, and max_event_bytes is {limit}; "
            "send less, or raise the limit",
            f"该事件有 {size} 字节，而 max_event_bytes 为 {limit}；请减少内容，或提高该限制",
            code="too_long",
            bytes=size,
            max_event_bytes=limit,
        )

    def _leave_out(self, attributes: tuple[Unsendable, ...]) -> None:
        if not attributes:
            return
        if self._options.strict:
            these = unsendable(attributes)
            raise invalid(
                f"with strict=True every attribute must be sendable; these are not: {these.en}",
                f"strict=True 时所有属性都必须可以发送；以下属性无法发送：{these.zh}",
                attributes[0].path,
                code="unsendable",
            )
        self._consumer.report_left_out(attributes)
