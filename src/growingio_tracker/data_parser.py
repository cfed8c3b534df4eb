"""The import path of 1.0.5."""

from growingio_tracker.delivery.formats import DataParser, JsonParser
from growingio_wire import VERSION

__all__ = ["VERSION", "DataParser", "JsonParser"]
