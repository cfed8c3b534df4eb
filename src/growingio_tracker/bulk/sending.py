"""Sending of converted rows: patience during outages, and rows passed from Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from growingio_tracker.bulk.arguments import ROW_ARGUMENTS, Language, checked
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.outcomes import FailedRow, OnProgress, Progress
from growingio_tracker.bulk.rows import KINDS, Converted, Converter, RowOptions
from growingio_tracker.bulk.typed import Row
from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.pipelines import is_disabled
from growingio_tracker.consumers.tracker_options import MAX_EVENT_BYTES
from growingio_tracker.delivery import Batch, Postponed, Rejected
from growingio_tracker.delivery.waiting import Pace
from growingio_wire.clock import SYSTEM_CLOCK
from growingio_wire.errors import GrowingIOException, RejectedError, invalid
from growingio_wire.said import Said
from growingio_wire.table import Kind

PATIENCE_S: Final = 300.0
GRACE_S: Final = 5.0
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 10.0


_STOPPED: Final = Said(
    "it was stopped; the next run continues from the checkpoint",
    "导入已停止；再次运行会从检查点继续",
)


class StoppedError(GrowingIOException):
    """Sending was stopped on request. Undelivered rows can be sent again."""


class Settled(NamedTuple):
    """Outcome of converted rows: the number delivered, and the rejected ones.

    Rejected rows are listed in order, with their position among all rows and the reason.
    """

    delivered: int
    refused: list[tuple[int, Said]]


class BatchSender:
    """Sends batches, one at a time, over a connection of its own.

    :param consumer: provides server, format and retries; it queues nothing.
    :param kind: of the records.
    :param pace: the rate, which several senders may share.
    :param patience_s: stop after this many seconds without an accepted batch; 0 stops after the
        consumer's retries.
    :raises GrowingParamException: if sending is switched off.
    """

    def __init__(
        self, consumer: Consumer, kind: Kind, pace: Pace, patience_s: float = PATIENCE_S
    ) -> None:
        if is_disabled() or getattr(consumer, "disabled", False):
            raise invalid(
                "sending is switched off, and an import would lose every row; remove "
                "GROWINGIO_DISABLED, or set disabled = false",
                "发送已关闭，导入会丢失所有行；请去掉 GROWINGIO_DISABLED，或设置 disabled = false",
            )
        self._sender = consumer.new_sender()
        self._interrupt = self._sender.interrupt
        self._kind = kind
        self._pace = pace
        self._patience_s = patience_s
        self._clock = SYSTEM_CLOCK

    def deliver(self, converted: Converted) -> Settled:
        """Send the converted rows, and return their outcome.

        :raises StoppedError: if sending was stopped before all rows had an outcome.
        :raises GrowingIOException: if the server is unreachable for too long, or rejects the
            address or the credentials.
        """
        records = tuple(converted.records)
        self._pause(self._pace.wait_s(len(records)))
        refused = self._send(Batch.of(self._kind, records)) if records else {}
        places = converted.places() if refused else []
        found = [(places[one], why) for one, why in sorted(refused.items())]
        return Settled(len(records) - len(refused), found)

    def stop(self) -> None:
        """End waits and start no further request. The current one may take 5 more seconds."""
        self._interrupt.close_within(GRACE_S)

    def close(self) -> None:
        """Close the connection."""
        self._sender.close()

    def _send(self, batch: Batch) -> dict[int, Said]:
        """Send until every record has an outcome; return the rejected ones with the reasons."""
        refused: dict[int, Said] = {}
        give_up_at = self._clock.monotonic() + self._patience_s
        rounds = 0
        while True:
            for part, outcome in self._sender.deliver(batch):
                if isinstance(outcome, Postponed):
                    break
                if isinstance(outcome, Rejected):
                    self._sender.report(part, outcome)
                    refused |= dict.fromkeys(_places(part), _reason(outcome))
            else:
                return refused
            if len(part) < len(batch):  # the server accepted some, so it is reachable
                give_up_at, rounds = self._clock.monotonic() + self._patience_s, 0
            self._pause_before(outcome, rounds, give_up_at)
            batch = part
            rounds += 1

    def _pause_before(self, postponed: Postponed, rounds: int, give_up_at: float) -> None:
        given_up = not postponed.everywhere or self._clock.monotonic() >= give_up_at
        if given_up and not self._interrupt.closing:
            raise postponed.error
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(rounds, 60))
        self._pause(max(postponed.pause_s, pause_s))

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and not self._interrupt.closing:
            self._interrupt.pause(seconds)
        if self._interrupt.closing:
            raise StoppedError(_STOPPED)


def _places(part: Batch) -> range:
    return range(part.first_seq, part.end_seq)


def _reason(outcome: Rejected) -> Said:
    error = outcome.error
    if not isinstance(error, RejectedError):
        return error.said
    status, body = error.status, error.body
    return Said(
        f"the server refused it with status {status}" + (f": {body}" if body else ""),
        f"采集服务拒绝了该行，状态码为 {status}" + (f"：{body}" if body else ""),
    )


OnFailed: TypeAlias = Callable[[FailedRow, Mapping[str, object]], object]


@checked(ROW_ARGUMENTS)
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
    language: Language = "en",
) -> Progress:
    """Deliver rows in order, in the caller's thread, and return a summary.

    :param rows: column → value. Read batch by batch, not modified.
    :param consumer: provides project, data source, server, format, retries and time-outs; it queues
        nothing and stays open.
    :param kind: as for :func:`~growingio_tracker.bulk.import_files`.
    :param mapping: maps columns to fields; ``None`` is :meth:`RowMapping.by_name`.
    :param rate: rows per second; ``None`` is as fast as possible.
    :param batch_rows: rows per request, from 1 to 100,000; fewer if ``rate`` is lower.
    :param patience_s: stop retrying after this many seconds without an accepted batch.
    :param redact: names of attributes whose values are replaced with ``***``.
    :param max_event_bytes: maximum size of a record; larger rows fail.
    :param on_failed: called with each row that fails, and why.
    :param on_progress: called after each batch.
    :param language: language of the reasons: ``"en"``, or ``"zh"`` for Chinese.
    :raises GrowingParamException: if an argument is invalid; nothing was sent.
    :raises GrowingIOException: if the server is unreachable for too long or refuses access. The
        last progress says how many rows have an outcome; those of one batch may be repeated if you
        import the others again.
    """
    destination = consumer.destination
    options = RowOptions(frozenset(redact), max_event_bytes)
    converter = Converter(kind, mapping or RowMapping.by_name(kind), destination, options)
    pace = Pace(rate)
    max_rows = pace.batch(batch_rows)
    sender = BatchSender(consumer, KINDS[kind], pace, patience_s)
    progress = Progress()
    try:
        for batch in _batches(rows, max_rows):
            converted = converter.convert([row.copy() for row in batch])
            settled = sender.deliver(converted)
            failed = sorted([*converted.failed, *settled.refused])
            if on_failed is not None:
                for place, why in failed:
                    reason = why.chosen(chinese=language == "zh")
                    on_failed(FailedRow(progress.rows + place + 1, reason), batch[place])
            progress = Progress(
                progress.rows + len(batch),
                progress.delivered + settled.delivered,
                progress.failed + len(failed),
                odd_ids=progress.odd_ids + converted.odd_ids,
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
