"""The import path of 1.0.5."""

from growingio_tracker.consumers.debug import DebugConsumer

__all__ = ["DebugConsumer"]
