"""Data source ``growingio`` of Spark 4: its writers, and the checks before any task starts.

Writers are pickled and run in tasks; there they do what :func:`send_partition` does.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pyspark.sql import datasource
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import MapType, StructType

from growingio_tracker.bulk.mapping import REQUIRED, RowKind
from growingio_tracker.bulk.rows import KINDS, Converter, RowOptions
from growingio_tracker.bulk.sending import BatchSender
from growingio_tracker.config import build
from growingio_tracker.consumers import Consumer
from growingio_tracker.delivery.waiting import Pace
from growingio_tracker.spark import PartitionSummary, WriteSummary, send_partition
from growingio_tracker.spark.options import (
    COLUMN,
    RECORD,
    WriteOptions,
    attributes_column,
    parse,
)
from growingio_tracker.spark.outputs import make, put
from growingio_tracker.spark.records import VALUE
from growingio_wire.errors import GrowingParamException
from growingio_wire.logs import logger
from growingio_wire.table import Kind

if TYPE_CHECKING:
    from pyspark.sql.datasource import DataSourceStreamArrowWriter as _StreamWriter
else:
    # Streams in Spark 4.0 do not use Arrow; they pass rows one by one.
    _StreamWriter = getattr(
        datasource, "DataSourceStreamArrowWriter", datasource.DataSourceStreamWriter
    )

_log: Final = logger("growingio_tracker.spark")

_Messages = Sequence[WriterCommitMessage | None]


class DefaultSource(DataSource):
    """The data source ``growingio``. It supports writing in the mode ``append``."""

    @classmethod
    def name(cls) -> str:
        """Return the name to pass to ``format``."""
        return "growingio"

    def writer(self, schema: StructType, overwrite: bool) -> BatchWriter:
        """Return the writer of a data frame.

        :raises GrowingParamException: if the options or the columns are invalid.
        """
        return BatchWriter(self._checked(schema, overwrite))

    def streamWriter(self, schema: StructType, overwrite: bool) -> StreamWriter:  # noqa: N802
        """Return the writer of a stream.

        :raises GrowingParamException: if the options or the columns are invalid.
        """
        return StreamWriter(self._checked(schema, overwrite))

    def _checked(self, schema: StructType, overwrite: bool) -> dict[str, str]:
        if overwrite:
            raise GrowingParamException(
                "what was sent cannot be replaced: write with mode('append'), and a stream with "
                "outputMode('append') or outputMode('update')"
            )
        options = dict(self.options)
        columns = {one.name: isinstance(one.dataType, MapType | StructType) for one in schema}
        check_write(options, columns)
        return options


@dataclass(frozen=True)
class TaskDone(WriterCommitMessage):
    """Message of a successful task to the driver.

    :param summary: the outcome of its rows.
    """

    summary: PartitionSummary


class _TaskWriter:
    """Base class of both writers, which run in tasks.

    :param options: the options of the write.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    def write(self, iterator: Iterator[Any]) -> TaskDone:
        """Send the rows of one task. If this raises, Spark repeats the task from its first row."""
        return TaskDone(send_partition(iterator, self.options))


class BatchWriter(_TaskWriter, DataSourceArrowWriter):
    """Writes a data frame."""

    def commit(self, messages: _Messages) -> None:
        """Report the outcome of all rows in the log and, if configured, in a file."""
        _commit(messages, self.options, None)

    def abort(self, messages: _Messages) -> None:
        """Report what had been sent. Other tasks may still be running and sending."""
        _abort(messages, None)


class StreamWriter(_TaskWriter, _StreamWriter):
    """Writes the micro-batches of a stream."""

    def commit(self, messages: _Messages, batchId: int) -> None:  # noqa: N803
        """Report the outcome of this micro-batch in the log and, if configured, in a file."""
        _commit(messages, self.options, batchId)

    def abort(self, messages: _Messages, batchId: int) -> None:  # noqa: N803
        """Report what had been sent. Other tasks may still be running and sending."""
        _abort(messages, batchId)


def _commit(messages: _Messages, options: Mapping[str, str], batch: int | None) -> None:
    summary = _sum(messages, batch)
    # Logging is not configured in this process of Spark, so only warnings are shown.
    _log.log(logging.WARNING if summary.failed else logging.INFO, "%s", summary)
    if (directory := options.get("summary_path")) is not None:
        name = "summary.json" if batch is None else f"summary-batch-{batch:08}.json"
        put(directory, name, io.BytesIO(msgspec.json.encode(summary)))


def _abort(messages: _Messages, batch: int | None) -> None:
    _log.warning("%s by the tasks that ended well; the write failed", _sum(messages, batch))


def _sum(messages: _Messages, batch: int | None) -> WriteSummary:
    done = (message.summary for message in messages if isinstance(message, TaskDone))
    return WriteSummary.of(done, batch)


def check_write(options: Mapping[str, object], schema: Mapping[str, bool]) -> None:
    """Check options and columns, and create the directories.

    :param schema: column → whether it holds maps or structs.
    :raises GrowingParamException: if something is invalid; the message says what.
    :raises GrowingIOException: if a directory cannot be created.
    """
    chosen = parse(options)
    if chosen.kind == RECORD:
        _check_value(schema)
    else:
        _check_schema(chosen.kind, chosen.values, schema)
        _check_id(chosen, schema)
    build(chosen.configuration, partial(_check_sending, chosen))
    for directory in (chosen.failed_rows_path, chosen.summary_path):
        if directory is not None:
            make(directory)


def _check_id(chosen: WriteOptions, schema: Mapping[str, bool]) -> None:
    if chosen.id_attribute in schema and chosen.id_attribute != chosen.id_column:
        raise GrowingParamException(
            f"the rows have a column {chosen.id_attribute!r} already, so their ids need another "
            "name; give it with the option id_attribute"
        )


def _check_sending(chosen: WriteOptions, consumer: Consumer, **of_rows: Any) -> None:
    kind = Kind.EVENT
    if chosen.kind != RECORD:
        Converter(chosen.kind, chosen.mapping, consumer.destination, RowOptions(**of_rows))
        kind = KINDS[chosen.kind]
    BatchSender(consumer, kind, Pace(chosen.rate), chosen.patience_s).close()


def _check_value(schema: Mapping[str, bool]) -> None:
    if VALUE not in schema:
        raise GrowingParamException(
            f"the rows have no column {VALUE!r} with the record, only: {', '.join(schema)}"
        )


def _check_schema(kind: RowKind, values: Mapping[str, Any], schema: Mapping[str, bool]) -> None:
    """Check that rows of this schema can be written, before any task starts.

    :param values: the options passed by the user.
    :param schema: column → whether it holds maps or structs.
    :raises GrowingParamException: if not; the message names the column, and the option to use.
    """
    for option, column in values.items():
        if option.endswith(COLUMN) and column not in schema:
            raise GrowingParamException(
                f"the option {option} names the column {column!r}, and the rows have only: "
                f"{', '.join(schema)}"
            )
    for choices in REQUIRED[kind]:
        if not any(_is_there(name, values, schema) for name in choices):
            raise GrowingParamException(
                f"the rows have no column {' or '.join(choices)}; name it with the option "
                f"{choices[0]}_column, or give every row the same with {choices[0]}_value"
            )
    column = attributes_column(kind, values)
    if not schema.get(column, True):
        raise GrowingParamException(
            f"the column {column!r} must be a map or a struct, whose members become attributes; "
            "rename it, or name another column with the option attributes_column"
        )


def _is_there(name: str, values: Mapping[str, Any], schema: Mapping[str, bool]) -> bool:
    return f"{name}_value" in values or values.get(name + COLUMN, name) in schema
