"""Message filters, which redact, change or drop messages before they are encoded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Set
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from growingio_tracker.model import Message
from growingio_tracker.model.events import CustomEventMessage, ResourceItem
from growingio_tracker.model.losses import Problem
from growingio_tracker.model.values import checked_key, pairs
from growingio_wire.logs import Log
from growingio_wire.said import Said, joined
from growingio_wire.table import MASK

_log: Final = Log("growingio_tracker.model.filters")

BeforeSend: TypeAlias = Callable[[Message], Message | None]

_DROPPED: Final = Problem.of(
    "before_send", Said("before_send returned None", "before_send 返回了 None"), 1
)


class MessageFilters:
    """Redacts attributes by name, and calls ``before_send``."""

    def __init__(self, before_send: BeforeSend | None, redact: Collection[str]) -> None:
        self._before_send = before_send
        self._names = frozenset(redact)
        self.is_needed = before_send is not None or bool(redact)

    def apply(self, message: Message) -> Message | Problem:
        """Return the message to send, or the reason why there is none. May change ``message``.

        Redaction runs before the hook, which may print what it receives, and again after it.
        """
        self.redact(message)
        if self._before_send is None:
            return message
        try:
            changed: object = self._before_send(message)
        except Exception as error:
            _log.debug("before_send raised", exc_info=True)
            return _failed(_RAISED.with_values(error=type(error).__name__))
        if changed is None:
            return _DROPPED
        if not isinstance(changed, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
            return _failed(_RETURNED.with_values(kind=type(changed).__name__))
        self.redact(changed)
        return changed

    def redact(self, message: Message) -> None:
        """Mask the named attributes, in copies: the values may be the caller's own objects.

        :raises GrowingParamException: if attributes are not a mapping that can be read.
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


_RAISED: Final = Said("before_send raised {error}", "before_send 抛出了 {error}")
_RETURNED: Final = Said(
    "before_send returned {kind}, not a message or None",
    "before_send 返回了 {kind}，而不是消息或 None",
)
_EVENT_DROPPED: Final = Said("the event was dropped", "该事件已被丢弃")


def _failed(why: Said) -> Problem:
    return Problem.of("before_send_failed", joined((why, _EVENT_DROPPED)), 1)


def redacted(attributes: object, names: Set[str], argument: str) -> dict[Any, Any]:
    """Return a copy in which the values of ``names`` are masked, also inside one-level maps.

    :raises GrowingParamException: if it is not a mapping that can be read.
    """
    named = ((checked_key(key, argument), value) for key, value in pairs(attributes, argument))
    return {name: MASK if name in names else _redacted(value, names) for name, value in named}


def _redacted(value: object, names: Set[str]) -> object:
    try:
        if isinstance(value, Enum):
            return _redacted(value.value, names)
        if not isinstance(value, Mapping):
            return value
        return {
            key: MASK if isinstance(key, str) and str.__str__(key) in names else inner
            for key, inner in pairs(cast(Mapping[Any, object], value), "")
        }
    except Exception:  # unreadable values cannot be searched for names either
        return MASK
