"""The import path of 1.0.5."""

from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.formats.snappy_parser import SnappyParser

__all__ = ["JsonParser", "SnappyParser"]
