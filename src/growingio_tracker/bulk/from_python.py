"""The import of rows that a program makes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.pace import Pace
from growingio_tracker.bulk.progress import FailedRow, OnProgress, Progress
from growingio_tracker.bulk.rows import Converter, Row, RowOptions
from growingio_tracker.bulk.sending import PATIENCE_S, BatchSender
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.tracker import MAX_EVENT_BYTES

OnFailed: TypeAlias = Callable[[FailedRow, Mapping[str, object]], object]


def import_rows(
    rows: Iterable[Mapping[str, object]],
    consumer: Consumer,
    *,
    kind: RowKind = "event",
    mapping: RowMapping | None = None,
    rate: float | None = None,
    batch_rows: int = 500,
    patience_s: float = PATIENCE_S,
    redact: Collection[str] = (),
    max_event_bytes: int = MAX_EVENT_BYTES,
    on_failed: OnFailed | None = None,
    on_progress: OnProgress | None = None,
) -> Progress:
    """Deliver rows in their order, in the caller's thread; return what became of them.

    :param rows: column → value. They are read batch by batch and not changed.
    :param consumer: names project, data source and server, and has the format, the repeats and
        the time-outs; it queues nothing and stays open.
    :param kind: as for :func:`~growingio_tracker.bulk.import_files`.
    :param mapping: which column becomes what; ``None`` is :meth:`RowMapping.by_name`.
    :param rate: rows a second; ``None`` is as fast as possible.
    :param batch_rows: rows of one request, from 1 to 100,000; fewer when ``rate`` is less.
    :param patience_s: seconds without an accepted batch after which it gives up.
    :param redact: names of attributes whose values are replaced by ``***``.
    :param max_event_bytes: a row whose record is longer fails.
    :param on_failed: called with each row that fails, and why.
    :param on_progress: called after each batch.
    :raises GrowingParamException: when an argument cannot be used; nothing was sent.
    :raises GrowingIOException: when the server is out of reach for too long or refuses access. The
        last progress says how many rows have an outcome; those of one batch may be repeated when
        the others are imported again.
    """
    owner = consumer._product_id, consumer._data_source_id
    options = RowOptions(frozenset(redact), max_event_bytes)
    converter = Converter(kind, mapping or RowMapping.by_name(kind), *owner, options)
    pace = Pace(rate)
    max_rows = pace.batch(batch_rows)
    sender = BatchSender(consumer, kind, pace, patience_s)
    progress = Progress()
    try:
        for batch in _batches(rows, max_rows):
            settled = sender.deliver(converter.convert([row.copy() for row in batch]))
            if on_failed is not None:
                for place, reason in settled.failed:
                    on_failed(FailedRow(progress.rows + place + 1, reason), batch[place])
            progress = Progress(
                progress.rows + len(batch),
                progress.delivered + settled.delivered,
                progress.failed + len(settled.failed),
            )
            if on_progress is not None:
                on_progress(progress)
    finally:
        sender.close()
    return progress


def _batches(rows: Iterable[Mapping[str, object]], size: int) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := [dict(row) for row in islice(source, size)]:
        yield batch
