"""The import path of 1.0.5."""

from growingio_tracker.formats.base import DataParser
from growingio_tracker.formats.protobuf_parser import ProtobufParser
from growingio_tracker.version import VERSION

__all__ = ["VERSION", "DataParser", "ProtobufParser"]
