"""The import path of 1.0.5."""

from growingio_tracker.delivery.binary import ProtobufParser
from growingio_tracker.delivery.formats import DataParser
from growingio_wire import VERSION

__all__ = ["VERSION", "DataParser", "ProtobufParser"]
