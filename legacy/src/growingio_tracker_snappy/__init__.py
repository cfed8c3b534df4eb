"""The snappy format."""

from growingio_tracker_snappy.snappy_parser import SnappyParser

__all__ = ["SnappyParser"]
