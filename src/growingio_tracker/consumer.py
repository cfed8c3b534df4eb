"""The import path of 1.0.5."""

from growingio_tracker.consumers import Consumer
from growingio_wire.errors import GrowingIOException, GrowingParamException

__all__ = ["Consumer", "GrowingIOException", "GrowingParamException"]
