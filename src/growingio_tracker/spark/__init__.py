"""Rows of Spark become events, users' attributes and items.

``df.write.format("growingio")`` and ``df.writeStream.format("growingio")`` of Spark 4 come to
:func:`send_partition` by themselves; with Spark 3.3 and newer a program passes it to
``foreachPartition``, ``mapPartitions`` or ``mapInArrow``.
"""

from growingio_tracker.spark.partition import send_partition
from growingio_tracker.spark.summary import PartitionSummary, WriteSummary

__all__ = ["PartitionSummary", "WriteSummary", "send_partition"]
