"""The data source ``growingio`` of Spark 4, which finds this package by its name."""

from pyspark_growingio.source import DefaultSource

__all__ = ["DefaultSource"]
