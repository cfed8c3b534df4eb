"""What a caller may do to a message between check and encoding: redact, change, drop."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection
from typing import Final, TypeAlias

from growingio_tracker.arguments import text_name
from growingio_tracker.delivery.contract import Problem
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import CustomEventMessage, Message, ResourceItem
from growingio_tracker.values import redacted

_log: Final = logging.getLogger("growingio_tracker.filters")

BeforeSend: TypeAlias = "Callable[[Message], Message | None]"

_DROPPED: Final = Problem("before_send", "before_send returned None", 1)


class Filters:
    """Redacts attributes by name, and asks ``before_send``."""

    def __init__(self, before_send: BeforeSend | None, redact: Collection[str]) -> None:
        if isinstance(redact, str) or not isinstance(redact, Collection):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GrowingParamException(
                f'redact must be a collection of attribute names, such as ("phone",), '
                f"got {type(redact).__name__}"
            )
        if before_send is not None and not callable(before_send):
            raise GrowingParamException("before_send must be a function that takes a message")
        self._before_send = before_send
        self._names = frozenset(text_name(name, "redact's names") for name in redact)

    def apply(self, message: Message) -> Message | Problem:
        """Return the message to send, or why there is none. ``message`` itself may be changed.

        Redaction comes before the hook, which may print what it gets, and again behind it.
        """
        self.redact(message)
        if self._before_send is None:
            return message
        try:
            changed: object = self._before_send(message)
        except Exception as error:
            _log.debug("before_send raised", exc_info=True)
            return _failed(f"before_send raised {type(error).__name__}")
        if changed is None:
            return _DROPPED
        if not isinstance(changed, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
            return _failed(f"before_send returned {type(changed).__name__}, not a message or None")
        self.redact(changed)
        return changed

    def redact(self, message: Message) -> None:
        """Mask the named attributes, in copies: the values may be the caller's own objects.

        :raises GrowingParamException: when attributes are not a mapping that can be read.
        """
        self._redact(message, message.attributes_name, message.attributes_argument)
        if isinstance(message, CustomEventMessage) and isinstance(
            message.resource_item, ResourceItem
        ):
            message.resource_item = copy.copy(message.resource_item)
            self._redact(message.resource_item, "attributes", "item.attributes")

    def _redact(self, holder: Message | ResourceItem, name: str, argument: str) -> None:
        attributes = getattr(holder, name, None)
        if attributes is not None:
            setattr(holder, name, redacted(attributes, self._names, argument))


def _failed(detail: str) -> Problem:
    return Problem("before_send_failed", f"{detail}; the event was dropped", 1)
