"""The import path of 1.0.5."""

from growingio_tracker.delivery.binary import ProtobufParser

__all__ = ["ProtobufParser"]
