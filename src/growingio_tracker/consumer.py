"""The import path of 1.0.5."""

from growingio_tracker.consumers.base import Consumer
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException

__all__ = ["Consumer", "GrowingIOException", "GrowingParamException"]
