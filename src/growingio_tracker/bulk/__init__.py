"""Import of many rows, from files, databases or Python, with checks, checkpoints and outcomes.

Here, several files and queries are imported in parallel, the rows of each in order.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from growingio_tracker.bulk.arguments import FILE_ARGUMENTS, FileOptions, Language, checked
from growingio_tracker.bulk.checkpoint import Checkpoint
from growingio_tracker.bulk.conversion import Conversion, Recipe, make_conversion
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.outcomes import (
    FailedRow,
    FailedRowsFile,
    FileSummary,
    OnProgress,
    Progress,
    Summary,
)
from growingio_tracker.bulk.plan import AnySource, FilePlan, ImportPlan, places, plan_all
from growingio_tracker.bulk.planned_import import PlannedImport
from growingio_tracker.bulk.query import Query, QueryPlan
from growingio_tracker.bulk.rows import KINDS, RowOptions
from growingio_tracker.bulk.sending import PATIENCE_S, BatchSender, import_rows
from growingio_tracker.bulk.typed import Source
from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.tracker_options import MAX_EVENT_BYTES
from growingio_tracker.delivery.waiting import Pace
from growingio_wire.errors import invalid
from growingio_wire.plan import Plan as TrackingPlan
from growingio_wire.said import in_both

__all__ = [
    "FailedRow",
    "FileOptions",
    "FileSummary",
    "Progress",
    "Query",
    "RowMapping",
    "Source",
    "Summary",
    "import_files",
    "import_rows",
]


BATCH_ROWS: Final = 500
_LOOK_S: Final = 0.1


@checked(FILE_ARGUMENTS)
def import_files(
    paths: Iterable[str | os.PathLike[str] | Query | FilePlan | QueryPlan],
    consumer: Consumer,
    *,
    kind: RowKind = "event",
    mapping: RowMapping | None = None,
    same: Mapping[str, str] | None = None,
    options: FileOptions | None = None,
    workers: int = 1,
    rate: float | None = None,
    batch_rows: int = BATCH_ROWS,
    state_dir: str | os.PathLike[str] | None = None,
    patience_s: float = PATIENCE_S,
    redact: Collection[str] = (),
    max_event_bytes: int = MAX_EVENT_BYTES,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    keep_going: bool = False,
    tracking_plan: TrackingPlan | None = None,
    language: Language = "en",
) -> Summary:
    """Import files of rows; continue where an earlier run ended.

    :param paths: files in CSV, TSV or NDJSON, also gzipped, or Parquet; or a
        :class:`~growingio_tracker.bulk.Query` of a database.
    :param consumer: provides project, data source, server, format, retries and time-outs; it queues
        nothing and stays open.
    :param kind: ``"event"`` tracks custom events, ``"user"`` sets users' attributes, ``"item"``
        uploads rows of a dimension table.
    :param mapping: maps columns to fields; ``None`` infers it from the names.
    :param same: field → the same value for every row, which overrides the mapping.
    :param options: how to read the files; ``None`` infers it from their names.
    :param workers: number of files sent concurrently, each in its own order; if above 1, also the
        number of processes that convert rows. From 1 to 64.
    :param rate: rows per second, over all files; ``None`` is as fast as possible.
    :param batch_rows: rows per request, from 1 to 100,000; fewer if ``rate`` is lower.
    :param state_dir: where checkpoints (``NAME.checkpoint``) and failed rows (``NAME.failed.csv``
        or ``.ndjson``) are kept; ``None`` is the directory of each file, and for queries
        the working directory.
    :param patience_s: stop retrying a file after this many seconds without an accepted batch.
    :param redact: names of attributes whose values are replaced with ``***``.
    :param max_event_bytes: maximum size of a record; larger rows fail.
    :param on_progress: called after each batch with the file's
        :class:`~growingio_tracker.bulk.Progress`, from any thread, one call at a time.
    :param stop: when set, the import ends once the current batches have an outcome, after 5 seconds
        at the latest. The next run continues from there.
    :param keep_going: continue a file whose first 1,000 rows all fail; ``False`` ends it as if it
        had not been started.
    :param tracking_plan: a plan from ``growingio_wire.plan.reading``; rows that violate it fail.
        ``None`` checks none.
    :param language: language of the reasons in files of failed rows, and of the errors in the
        summary: ``"en"``, or ``"zh"`` for Chinese. A resumed import may use another one.
    :raises GrowingParamException: if an argument or a file is invalid; nothing was sent.
    :raises GrowingIOException: if a file or a checkpoint cannot be read; nothing was sent.
    :raises MissingExtraError: if Parquet is read without pyarrow, or a query without SQLAlchemy.

    Errors that end the import of one file are in its summary. With several workers, guard your
    program with ``if __name__ == "__main__":``.
    """
    begin = time.monotonic()
    pace = Pace(rate)
    max_rows = pace.batch(batch_rows)
    plans = plan_all(map(_source, paths), kind, mapping, options or FileOptions(), same)
    destination = consumer.destination
    row_options = RowOptions(frozenset(redact), max_event_bytes, tracking_plan)
    recipes = [Recipe(plan.layout, kind, plan.mapping, destination, row_options) for plan in plans]
    for recipe in recipes:
        recipe.converter()
    count = min(workers, len(plans))
    senders = [BatchSender(consumer, KINDS[kind], pace, patience_s) for _ in range(count)]
    kept = places(plans, None if state_dir is None else Path(state_dir))
    report = _one_at_a_time(on_progress)
    with _opened(
        plans,
        kept,
        kind,
        destination,
        report,
        keep_going=keep_going,
        chinese=language == "zh",
    ) as imports:
        with make_conversion(recipes, workers) as converting:
            _run(imports, converting, senders, max_rows, stop or threading.Event())
        return Summary(tuple(one.summary() for one in imports), time.monotonic() - begin)


def _source(given: str | os.PathLike[str] | Query | FilePlan | QueryPlan) -> AnySource:
    return given if isinstance(given, Query | FilePlan | QueryPlan) else Path(given)


@contextmanager
def _opened(
    plans: Sequence[ImportPlan],
    kept: list[tuple[Path, Path]],
    kind: RowKind,
    destination: tuple[str, ...],
    report: OnProgress,
    *,
    keep_going: bool,
    chinese: bool,
) -> Generator[list[PlannedImport], None, None]:
    with ExitStack() as stack:
        imports: list[PlannedImport] = []
        for plan, (checkpoint_path, failed_path) in zip(plans, kept, strict=True):
            if failed_path.exists() and not checkpoint_path.exists():
                raise invalid(
                    f"{failed_path} already exists, from an earlier import; move it away first",
                    f"{failed_path} 已存在，来自之前的导入；请先移走该文件",
                )
            owner = plan.owner(kind, destination)
            checkpoint = stack.enter_context(closing(Checkpoint(checkpoint_path, owner)))
            failures = FailedRowsFile(failed_path, plan.layout, checkpoint.state.failed_bytes)
            imports.append(
                PlannedImport(
                    plan,
                    owner,
                    checkpoint,
                    failures,
                    report,
                    keep_going=keep_going,
                    chinese=chinese,
                )
            )
        yield imports


def _run(
    imports: list[PlannedImport],
    converting: Conversion,
    senders: list[BatchSender],
    max_rows: int,
    stop: threading.Event,
) -> None:
    """Import with one thread for each sender, until everything is done or ``stop`` is set."""
    todo: SimpleQueue[int] = SimpleQueue()
    for index in range(len(imports)):
        todo.put(index)

    def work(sender: BatchSender) -> None:
        try:
            while (index := _next(todo)) is not None:
                _guarded(imports[index], index, converting, sender, max_rows)
        finally:
            sender.close()

    # Daemons, so that a second Ctrl-C ends the program immediately; checkpoints make it safe.
    threads = [threading.Thread(target=work, args=(sender,), daemon=True) for sender in senders]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if stop.is_set():
            for sender in senders:
                sender.stop()
        for thread in threads:
            thread.join(_LOOK_S)


def _guarded(
    one: PlannedImport, index: int, converting: Conversion, sender: BatchSender, max_rows: int
) -> None:
    try:
        one.run(index, converting, sender, max_rows)
    except Exception as error:  # from on_progress, for example; the other files continue
        one.fail(in_both(f"{type(error).__name__}: {error}"))


def _next(todo: SimpleQueue[int]) -> int | None:
    try:
        return todo.get_nowait()
    except Empty:
        return None


def _one_at_a_time(on_progress: OnProgress | None) -> OnProgress:
    lock = threading.Lock()

    def report(progress: Progress) -> None:
        if on_progress is not None:
            with lock:
                on_progress(progress)

    return report
