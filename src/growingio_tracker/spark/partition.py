"""The rows of one partition, in one task: read, convert, send, and say what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from growingio_tracker.bulk.from_python import import_rows
from growingio_tracker.bulk.progress import Progress
from growingio_tracker.bulk.rows import Row
from growingio_tracker.config.build import build
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.spark.as_dicts import as_dicts
from growingio_tracker.spark.event_ids import with_hashes, with_ids_only
from growingio_tracker.spark.failed_rows import FailedRows
from growingio_tracker.spark.hiding import Hiding
from growingio_tracker.spark.options import WriteOptions, parse
from growingio_tracker.spark.summary import PartitionSummary
from growingio_tracker.transport.base import Transport


def send_partition(
    rows: Iterable[Any], options: Mapping[str, object], *, transport: Transport | None = None
) -> PartitionSummary:
    """Deliver the rows of one partition in their order, and return what became of them.

    :param rows: Spark's rows, mappings, or record batches of Arrow.
    :param options: the options of ``df.write.format("growingio")``; see ``docs/spark.md``.
    :param transport: what exchanges requests; ``None`` is HTTP. Tests pass their own.
    :raises GrowingParamException: when an option cannot be used, or a row cannot be sent and no
        ``failed_rows_path`` was given.
    :raises GrowingIOException: when the server is out of reach for longer than ``patience_s`` or
        refuses access, or when failed rows cannot be written.

    A task that fails is repeated by Spark from its first row: every row is delivered at least
    once, and those that had been delivered before are delivered again.
    """
    chosen = parse(options)
    with Hiding(chosen.configuration.settings)(), FailedRows(chosen.failed_rows_path) as failed:
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
    return import_rows(
        _with_ids(as_dicts(rows), chosen, failed),
        consumer,
        kind=chosen.kind,
        mapping=chosen.mapping,
        rate=chosen.rate,
        batch_rows=chosen.batch_rows,
        patience_s=chosen.patience_s,
        on_failed=lambda row, cells: failed.add(row.number, row.reason, cells),
        **of_rows,
    )


def _with_ids(rows: Iterator[Row], chosen: WriteOptions, failed: FailedRows) -> Iterator[Row]:
    if chosen.id_attribute is None:
        return rows
    if chosen.id_column is None:
        return with_hashes(rows, chosen.id_attribute)
    return with_ids_only(rows, chosen.id_column, failed)
