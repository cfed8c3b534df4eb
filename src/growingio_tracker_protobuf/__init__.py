"""The import path of 1.0.5."""

from growingio_tracker.formats.protobuf_parser import ProtobufParser

__all__ = ["ProtobufParser"]
