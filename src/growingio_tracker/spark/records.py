"""Rows that hold ready records, such as the messages that Spark's Kafka source reads.

A row has the columns ``value``, the record, and ``headers``, which describe it; see
:mod:`growingio_tracker.kafka.topic`. Other columns are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, cast

from growingio_tracker.bulk.outcomes import FailedRow, Progress
from growingio_tracker.bulk.rows import Converted
from growingio_tracker.bulk.sending import BatchSender
from growingio_tracker.bulk.typed import Row
from growingio_tracker.consumers import Consumer
from growingio_tracker.delivery.waiting import Pace
from growingio_tracker.kafka.incoming import ConsumedRecord, Incoming
from growingio_tracker.kafka.topic import Headers
from growingio_wire.endpoints import masked_id
from growingio_wire.table import Kind

VALUE: Final = "value"
HEADERS: Final = "headers"


class RecordRow(NamedTuple):
    """One row as a message that has been consumed: only value and headers count.

    :param number: of the row, from 1.
    """

    row: Row
    number: int

    def key(self) -> None:
        """Return none: rows are in order already."""

    def value(self) -> bytes | None:
        """Return the record; ``None`` in a tombstone."""
        value = self.row.get(VALUE)
        return value.encode() if isinstance(value, str) else cast("bytes | None", value)

    def headers(self) -> Headers:
        """Return the headers, in order; none if they were not asked for."""
        given = cast("Iterable[Mapping[str, Any]]", self.row.get(HEADERS) or ())
        return [(one["key"], one["value"]) for one in given]

    def topic(self) -> str:
        """Return nothing: rows fail by their number."""
        return ""

    def partition(self) -> int:
        """Return 0."""
        return 0

    def offset(self) -> int:
        """Return the number of the row."""
        return self.number

    def error(self) -> None:
        """Return none: a row is a message."""


class _Place(NamedTuple):
    """A record, and the row that it comes from."""

    number: int
    row: Row
    record: bytes


class RecordWriter:
    """Sends the records of rows, one kind after the other within each batch.

    :param consumer: provides server, format and retries. Rows of other projects fail; raw messages
        without project or data source get its own.
    :param rate: rows per second; ``None`` is as fast as possible.
    :param on_failed: called with each row that fails, and why; with a message of several records
        once for each record.
    """

    def __init__(
        self,
        consumer: Consumer,
        *,
        batch_rows: int,
        rate: float | None,
        patience_s: float,
        on_failed: Callable[[FailedRow, Row], object],
    ) -> None:
        product_id, data_source_id = consumer.destination[:2]
        self._product_id = product_id
        self._incoming = Incoming(product_id, data_source_id)
        self._pace = Pace(rate)
        self._batch_rows = self._pace.batch(batch_rows)
        self._on_failed = on_failed
        self._senders = {kind: BatchSender(consumer, kind, self._pace, patience_s) for kind in Kind}

    def write(self, rows: Iterable[Row]) -> Progress:
        """Deliver all records of ``rows``, in order for each kind, and return how many."""
        progress = Progress()
        numbered = enumerate(rows, 1)
        while batch := list(islice(numbered, self._batch_rows)):
            delivered, failed = self._deliver(batch)
            progress = Progress(
                batch[-1][0], progress.delivered + delivered, progress.failed + failed
            )
        return progress

    def _deliver(self, batch: list[tuple[int, Row]]) -> tuple[int, int]:
        by_kind: dict[Kind, list[_Place]] = {}
        failed = 0
        for number, row in batch:
            for entry in self._incoming.entries(RecordRow(row, number)):
                if (fault := self._fault(entry)) or entry.origin is None:
                    self._on_failed(FailedRow(number, fault), row)
                    failed += 1
                else:
                    place = _Place(number, row, entry.record)
                    by_kind.setdefault(entry.origin.kind, []).append(place)
        delivered = 0
        for kind, places in by_kind.items():
            settled = self._senders[kind].deliver(Converted([one.record for one in places], []))
            for seq, why in settled.refused:
                self._on_failed(FailedRow(places[seq].number, why.en), places[seq].row)
            delivered += settled.delivered
            failed += len(settled.refused)
        return delivered, failed

    def _fault(self, entry: ConsumedRecord) -> str:
        """Return why a record cannot be sent here; empty if it can."""
        if entry.origin is None:
            why = ", ".join(filter(None, (entry.fault, entry.detail)))
            return f"its value is not a record ({why})"
        if entry.origin.product_id != self._product_id:
            return f"it is of another project, {masked_id(entry.origin.product_id)}"
        return ""

    def close(self) -> None:
        """Close the connections."""
        for sender in self._senders.values():
            sender.close()
