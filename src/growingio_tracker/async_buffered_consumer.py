"""The import path of 1.0.5."""

from growingio_tracker.consumers.buffered import AsyncBufferedConsumer
from growingio_tracker.consumers.default import DefaultConsumer

__all__ = ["AsyncBufferedConsumer", "DefaultConsumer"]
