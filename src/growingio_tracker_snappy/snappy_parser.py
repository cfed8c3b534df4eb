"""The import path of 1.0.5."""

from growingio_tracker.delivery.binary import SnappyParser
from growingio_tracker.delivery.formats import JsonParser

__all__ = ["JsonParser", "SnappyParser"]
