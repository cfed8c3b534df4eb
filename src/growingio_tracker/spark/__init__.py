"""Spark integration: rows as events, user attributes and items.

In Spark 4, ``df.write.format("growingio")`` and ``df.writeStream.format("growingio")`` call
:func:`send_partition`. In Spark 3.3 and newer, a program passes it to ``foreachPartition``,
``mapPartitions`` or ``mapInArrow``.
"""

from growingio_tracker.spark.partition import PartitionSummary, WriteSummary, send_partition

__all__ = ["PartitionSummary", "WriteSummary", "send_partition"]
