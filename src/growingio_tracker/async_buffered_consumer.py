"""The import path of 1.0.5."""

from growingio_tracker.consumers.async_buffered import AsyncBufferedConsumer

__all__ = ["AsyncBufferedConsumer"]
