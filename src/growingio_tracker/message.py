"""The import path of 1.0.5."""

from growingio_tracker.model import ItemMessage, Message, UserMappingMessage
from growingio_tracker.model.events import CustomEventMessage, UserLoginMessage
from growingio_wire.table import LIST_SEPARATOR as CONNECTOR

__all__ = [
    "CONNECTOR",
    "CustomEventMessage",
    "ItemMessage",
    "Message",
    "UserLoginMessage",
    "UserMappingMessage",
]
