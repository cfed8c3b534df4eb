"""The import of files: several at once, each in its own order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from growingio_tracker.bulk.checkpoint import Checkpoint, identity
from growingio_tracker.bulk.failures import Failures
from growingio_tracker.bulk.file_import import FileImport
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.pace import Pace
from growingio_tracker.bulk.pipeline import Conversion, Recipe, conversion
from growingio_tracker.bulk.plan import FilePlan, places, plan_files
from growingio_tracker.bulk.progress import OnProgress, Progress, Summary
from growingio_tracker.bulk.readers.choose import FileOptions
from growingio_tracker.bulk.rows import RowOptions
from growingio_tracker.bulk.sending import PATIENCE_S, BatchSender
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.tracker import MAX_EVENT_BYTES

BATCH_ROWS: Final = 500
MAX_WORKERS: Final = 64
_LOOK_S: Final = 0.1


def import_files(
    paths: Iterable[str | os.PathLike[str]],
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
) -> Summary:
    """Import files of rows; go on where an earlier run ended.

    :param paths: CSV, TSV and NDJSON, also compressed by gzip, and Parquet.
    :param consumer: names project, data source and server, and has the format, the repeats and
        the time-outs; it queues nothing and stays open.
    :param kind: ``"event"`` tracks custom events, ``"user"`` sets users' attributes, ``"item"``
        uploads rows of a dimension table.
    :param mapping: which column becomes what; ``None`` guesses by the names.
    :param same: field → the value that every row has, whatever the mapping says; ``None`` for none.
    :param options: how the files are read; ``None`` goes by their names.
    :param workers: at most so many files are sent at once, each in its own order, and when it is
        more than 1, so many processes convert the rows of all. From 1 to 64.
    :param rate: rows a second, of all files together; ``None`` is as fast as possible.
    :param batch_rows: rows of one request, from 1 to 100,000; fewer when ``rate`` is less.
    :param state_dir: where checkpoints (``NAME.checkpoint``) and failed rows (``NAME.failed.csv``
        or ``.ndjson``) are kept; ``None`` is beside each file.
    :param patience_s: seconds without an accepted batch after which a file is given up.
    :param redact: names of attributes whose values are replaced by ``***``.
    :param max_event_bytes: a row whose record is longer fails.
    :param on_progress: called after each batch with the file's
        :class:`~growingio_tracker.bulk.Progress`, from any thread, one call at a time.
    :param stop: when it is set, the import ends as soon as the batches on their way have an
        outcome, in 5 seconds at the latest. A further run goes on from there.
    :raises GrowingParamException: when an argument or a file cannot be used; nothing was sent.
    :raises GrowingIOException: when a file or a checkpoint cannot be read; nothing was sent.
    :raises MissingExtraError: when Parquet is read without pyarrow.

    What ends the import of one file is in its summary. With several workers a program needs the
    guard ``if __name__ == "__main__":``, as always with processes.
    """
    begin = time.monotonic()
    if not 1 <= workers <= MAX_WORKERS:
        raise GrowingParamException(f"workers must be from 1 to {MAX_WORKERS}, got {workers!r}")
    pace = Pace(rate)
    max_rows = pace.batch(batch_rows)
    plans = plan_files(map(Path, paths), kind, mapping, options or FileOptions(), same)
    owner = consumer._product_id, consumer._data_source_id
    row_options = RowOptions(frozenset(redact), max_event_bytes)
    recipes = [Recipe(plan.layout, kind, plan.mapping, *owner, row_options) for plan in plans]
    for recipe in recipes:
        recipe.converter()
    count = min(workers, len(plans))
    senders = [BatchSender(consumer, kind, pace, patience_s) for _ in range(count)]
    kept = places(plans, None if state_dir is None else Path(state_dir))
    destination = (*owner, consumer._server_host)
    with _opened(plans, kept, kind, destination, _one_at_a_time(on_progress)) as imports:
        with conversion(recipes, workers) as converting:
            _run(imports, converting, senders, max_rows, stop or threading.Event())
        return Summary(tuple(one.summary() for one in imports), time.monotonic() - begin)


@contextmanager
def _opened(
    plans: list[FilePlan],
    kept: list[tuple[Path, Path]],
    kind: RowKind,
    destination: tuple[str, ...],
    report: OnProgress,
) -> Generator[list[FileImport], None, None]:
    with ExitStack() as stack:
        imports: list[FileImport] = []
        for plan, (checkpoint_path, failed_path) in zip(plans, kept, strict=True):
            if failed_path.exists() and not checkpoint_path.exists():
                raise GrowingParamException(
                    f"{failed_path} is there already, from an earlier import; move it away first"
                )
            owner = identity(plan.path, kind, destination)
            checkpoint = stack.enter_context(closing(Checkpoint(checkpoint_path, owner)))
            failures = Failures(failed_path, plan.layout, checkpoint.state.failed_bytes)
            imports.append(FileImport(plan.path, plan.layout, checkpoint, failures, report))
        yield imports


def _run(
    imports: list[FileImport],
    converting: Conversion,
    senders: list[BatchSender],
    max_rows: int,
    stop: threading.Event,
) -> None:
    """Import in one thread for each sender, until all is done or ``stop`` is set."""
    todo: SimpleQueue[int] = SimpleQueue()
    for index in range(len(imports)):
        todo.put(index)

    def work(sender: BatchSender) -> None:
        try:
            while (index := _next(todo)) is not None:
                _guarded(imports[index], index, converting, sender, max_rows)
        finally:
            sender.close()

    # Daemons, so that a second Ctrl-C ends the program at once; the checkpoints allow for that.
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
    one: FileImport, index: int, converting: Conversion, sender: BatchSender, max_rows: int
) -> None:
    try:
        one.run(index, converting, sender, max_rows)
    except Exception as error:  # from on_progress, for instance; the other files go on
        one.fail(f"{type(error).__name__}: {error}")


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
