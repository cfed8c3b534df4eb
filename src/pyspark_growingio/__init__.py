"""Data source ``growingio`` of Spark 4, which finds this package by its name."""

from growingio_tracker.spark.source import DefaultSource

__all__ = ["DefaultSource"]
