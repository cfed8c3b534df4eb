"""Spark integration: rows as events, user attributes and items.

In Spark 4, ``df.write.format("growingio")`` and ``df.writeStream.format("growingio")`` call
:func:`send_partition`. In Spark 3.3 and newer, a program passes it to ``foreachPartition``,
``mapPartitions`` or ``mapInArrow``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from growingio_tracker.bulk.arrow import rows_of_batch
from growingio_tracker.bulk.cells import plain
from growingio_tracker.bulk.outcomes import Progress
from growingio_tracker.bulk.sending import import_rows
from growingio_tracker.bulk.typed import Row
from growingio_tracker.config import build
from growingio_tracker.consumers import Consumer
from growingio_tracker.spark.options import WriteOptions, parse
from growingio_tracker.spark.outputs import FailedRows
from growingio_tracker.spark.records import RecordWriter
from growingio_wire.http import Transport

_DIGEST_BYTES: Final = 16
# The order of columns and of a map's members says nothing about a row.
_encode: Final = msgspec.json.Encoder(enc_hook=str, order="deterministic").encode


class PartitionSummary(Struct, frozen=True, kw_only=True):
    """Counts of the rows of one task.

    :param rows: number of rows.
    :param delivered: rows that the server accepted.
    :param failed: the other rows, which are in the file.
    :param failed_path: the file with failed rows; ``None`` if none failed.
    """

    rows: int
    delivered: int
    failed: int = 0
    failed_path: str | None = None


class WriteSummary(Struct, frozen=True, kw_only=True):
    """Counts of the rows of a write, or of one micro-batch of a stream.

    :param rows: number of rows.
    :param delivered: rows that the server accepted. Rows of repeated tasks count once.
    :param failed: the other rows.
    :param batch: the number of the micro-batch; ``None`` for a batch write.
    :param partitions: one for each task.
    """

    rows: int
    delivered: int
    failed: int
    batch: int | None
    partitions: tuple[PartitionSummary, ...]

    @staticmethod
    def of(partitions: Iterable[PartitionSummary], batch: int | None) -> WriteSummary:
        """Return the sum of the partitions."""
        parts = tuple(partitions)
        return WriteSummary(
            rows=sum(part.rows for part in parts),
            delivered=sum(part.delivered for part in parts),
            failed=sum(part.failed for part in parts),
            batch=batch,
            partitions=parts,
        )

    def __str__(self) -> str:
        what = "write" if self.batch is None else f"batch {self.batch}"
        return (
            f"growingio: {what} of {self.rows} rows in {len(self.partitions)} tasks: "
            f"{self.delivered} delivered, {self.failed} failed"
        )


def send_partition(
    rows: Iterable[Any], options: Mapping[str, object], *, transport: Transport | None = None
) -> PartitionSummary:
    """Deliver the rows of one partition in order, and return a summary.

    :param rows: Spark's rows, mappings, or record batches of Arrow.
    :param options: the options of ``df.write.format("growingio")``; see ``docs/spark.md``.
    :param transport: sends the requests; ``None`` is HTTP. For tests.
    :raises GrowingParamException: if an option is invalid, or a row cannot be sent and there is no
        ``failed_rows_path``.
    :raises GrowingIOException: if the server is unreachable for longer than ``patience_s`` or
        refuses access, or if failed rows cannot be written.

    Spark repeats a failed task from its first row: every row is delivered at least once, and rows
    delivered before are delivered again.
    """
    chosen = parse(options)
    with FailedRows(chosen.failed_rows_path) as failed:
        progress = _send(rows, chosen, failed, transport)
        return PartitionSummary(
            rows=progress.delivered + failed.count,
            delivered=progress.delivered,
            failed=failed.count,
            failed_path=failed.keep(),
        )


def _send(
    rows: Iterable[Any], chosen: WriteOptions, failed: FailedRows, transport: Transport | None
) -> Progress:
    def given(consumer: Consumer, **of_rows: Any) -> tuple[Consumer, dict[str, Any]]:
        return consumer, of_rows

    consumer, of_rows = build(chosen.configuration, given, transport)
    if chosen.kind == "record":
        return _send_records(_as_dicts(rows), consumer, chosen, failed)
    return import_rows(
        _with_ids(_as_dicts(rows), chosen, failed),
        consumer,
        kind=chosen.kind,
        mapping=chosen.mapping,
        rate=chosen.rate,
        batch_rows=chosen.batch_rows,
        patience_s=chosen.patience_s,
        on_failed=lambda row, cells: failed.add(row.number, row.reason, cells),
        **of_rows,
    )


def _send_records(
    rows: Iterator[Row], consumer: Consumer, chosen: WriteOptions, failed: FailedRows
) -> Progress:
    writer = RecordWriter(
        consumer,
        batch_rows=chosen.batch_rows,
        rate=chosen.rate,
        patience_s=chosen.patience_s,
        on_failed=lambda row, cells: failed.add(row.number, row.reason, cells),
    )
    with closing(writer):
        return writer.write(rows)


def _with_ids(rows: Iterator[Row], chosen: WriteOptions, failed: FailedRows) -> Iterator[Row]:
    if chosen.id_attribute is None:
        return rows
    if chosen.id_column is None:
        return _with_hashes(rows, chosen.id_attribute)
    return _with_ids_only(rows, chosen.id_column, failed)


def _with_hashes(rows: Iterable[Row], attribute: str) -> Iterator[Row]:
    """Add the member ``attribute`` to each row: 32 hexadecimal digits computed from all values."""
    for row in rows:
        row[attribute] = hashlib.blake2b(_encode(row), digest_size=_DIGEST_BYTES).hexdigest()
        yield row


def _with_ids_only(rows: Iterable[Row], column: str, failed: FailedRows) -> Iterator[Row]:
    """Yield the rows that have a value in ``column``. The others fail."""
    for number, row in enumerate(rows, 1):
        if row.get(column) is None:
            failed.add(number, f"id_column: it has no value in the column {column}", row)
        else:
            yield row


def _as_dicts(items: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of ``items`` as new dicts: column → value.

    :param items: Spark's rows, mappings, or record batches of Arrow, which hold many rows each.
    """
    for item in items:
        if hasattr(item, "to_pylist"):
            yield from rows_of_batch(item)
        else:
            row = cast("Row", item if isinstance(item, Mapping) else item.asDict(True))
            yield {name: plain(value) for name, value in row.items()}
