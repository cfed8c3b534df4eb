"""What a caller may do to a message between check and encoding: redact, change, drop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final, TypeAlias

from growingio_tracker.delivery.contract import Problem
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import CustomEventMessage, Message
from growingio_tracker.values import redacted

_log: Final = logging.getLogger("growingio_tracker.filters")

BeforeSend: TypeAlias = "Callable[[Message], Message | None]"

_DROPPED: Final = Problem("before_send", "before_send returned None", 1)


class Filters:
    """Redacts attributes by name, and asks ``before_send``."""

    def __init__(self, before_send: BeforeSend | None, redact: Collection[str]) -> None:
        if isinstance(redact, str):
            raise GrowingParamException(
                f"redact must be a collection of attribute names, such as ({redact!r},)"
            )
        self._before_send = before_send
        self._names = frozenset(redact)

    def apply(self, message: Message) -> Message | Problem:
        """Return the message to send, or why there is none. ``message`` itself may be changed.

        Redaction comes before the hook, which may print what it gets, and again behind it.
        """
        self._redact(message)
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
        self._redact(changed)
        return changed

    def _redact(self, message: Message) -> None:
        """Mask the named attributes, in copies: the values may be the caller's own objects."""
        name = message.attributes_name
        attributes = getattr(message, name) if name else None
        if attributes is not None:
            setattr(message, name, redacted(attributes, self._names))
        if isinstance(message, CustomEventMessage) and message.resource_item is not None:
            item = message.resource_item
            item.attributes = item.attributes and redacted(item.attributes, self._names)


def _failed(detail: str) -> Problem:
    return Problem("before_send_failed", f"{detail}; the event was dropped", 1)
