"""The writers. They are pickled and run in tasks; what they do there is ``send_partition``."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pyspark.sql import datasource
from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage

from growingio_tracker.spark import PartitionSummary, WriteSummary, send_partition
from growingio_tracker.spark.places import put

if TYPE_CHECKING:
    from pyspark.sql.datasource import DataSourceStreamArrowWriter as _StreamWriter
else:
    # The streams of Spark 4.0 have no Arrow; they hand over rows one by one.
    _StreamWriter = getattr(
        datasource, "DataSourceStreamArrowWriter", datasource.DataSourceStreamWriter
    )

_log: Final = logging.getLogger("growingio_tracker.spark")

_Messages = Sequence[WriterCommitMessage | None]


@dataclass(frozen=True)
class TaskDone(WriterCommitMessage):
    """What a task that succeeded tells the program.

    :param summary: what became of its rows.
    """

    summary: PartitionSummary


class _TaskWriter:
    """What both writers do in a task.

    :param options: the options of the write.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    def write(self, iterator: Iterator[Any]) -> TaskDone:
        """Send the rows of one task; Spark repeats it from its first row when this raises."""
        return TaskDone(send_partition(iterator, self.options))


class BatchWriter(_TaskWriter, DataSourceArrowWriter):
    """Writes a data frame."""

    def commit(self, messages: _Messages) -> None:
        """Say what became of all rows, in the log and, if asked for, in a file."""
        _commit(messages, self.options, None)

    def abort(self, messages: _Messages) -> None:
        """Say what had been sent; other tasks may still be running, and send more."""
        _abort(messages, None)


class StreamWriter(_TaskWriter, _StreamWriter):
    """Writes the micro-batches of a stream."""

    def commit(self, messages: _Messages, batchId: int) -> None:  # noqa: N803
        """Say what became of the rows of this batch, in the log and, if asked for, in a file."""
        _commit(messages, self.options, batchId)

    def abort(self, messages: _Messages, batchId: int) -> None:  # noqa: N803
        """Say what had been sent; other tasks may still be running, and send more."""
        _abort(messages, batchId)


def _commit(messages: _Messages, options: Mapping[str, str], batch: int | None) -> None:
    summary = _sum(messages, batch)
    # Nobody sets up logging in the process that Spark starts for this: only warnings are seen.
    _log.log(logging.WARNING if summary.failed else logging.INFO, "%s", summary)
    if (directory := options.get("summary_path")) is not None:
        name = "summary.json" if batch is None else f"summary-batch-{batch:08}.json"
        put(directory, name, io.BytesIO(msgspec.json.encode(summary)))


def _abort(messages: _Messages, batch: int | None) -> None:
    _log.warning("%s by the tasks that ended well; the write failed", _sum(messages, batch))


def _sum(messages: _Messages, batch: int | None) -> WriteSummary:
    done = (message.summary for message in messages if isinstance(message, TaskDone))
    return WriteSummary.of(done, batch)
