"""The import path of 1.0.5."""

from growingio_tracker.consumers.buffered import BufferedConsumer

__all__ = ["BufferedConsumer"]
