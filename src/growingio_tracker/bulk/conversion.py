"""Conversion of chunks to records, in this process or in worker processes.

Threads would not help, because conversion never releases the GIL. Worker processes receive chunks
of bytes and return records; they access neither files nor servers. Results are returned in the
order of the chunks, so the rows of a file keep their order.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from growingio_tracker.bulk.chunks import Chunk, Layout
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.rows import Converted, Converter, RowOptions
from growingio_tracker.delivery import Destination
from growingio_wire.errors import GrowingError, GrowingIOException
from growingio_wire.said import Said


class Recipe(NamedTuple):
    """Everything needed to convert the chunks of one file to records."""

    layout: Layout
    kind: RowKind
    mapping: RowMapping
    destination: Destination
    options: RowOptions

    def converter(self) -> Converter:
        """Return the converter of rows to records.

        :raises GrowingParamException: if the mapping does not fit.
        """
        return Converter(self.kind, self.mapping, self.destination, self.options)


class Conversion(Protocol):
    """Converts chunks. Usable from several threads."""

    def each(self, index: int, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Converted]]:
        """Yield the chunks of the file with this index in order, with their records."""
        ...

    def __enter__(self) -> Conversion: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class BrokenWorkerError(GrowingIOException):
    """A worker process died."""


class InThisProcess:
    """Converts in the caller's thread."""

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self._kitchen = _Kitchen(recipes)

    def each(self, index: int, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Converted]]:
        """See :class:`Conversion`."""
        for chunk in chunks:
            yield chunk, self._kitchen.convert(index, chunk.data)

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class InProcesses:
    """Converts in worker processes, which import this package anew.

    :param workers: the number of processes.
    """

    def __init__(self, recipes: Sequence[Recipe], workers: int) -> None:
        self._ahead = workers + 1
        self._pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), _start, (tuple(recipes),)
        )

    def each(self, index: int, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Converted]]:
        """See :class:`Conversion`."""
        waiting: deque[_Sent] = deque()
        end: GrowingError | None = None
        try:
            try:
                for some in _groups(chunks):
                    data = [chunk.data for chunk in some]
                    waiting.append((some, self._pool.submit(_convert, index, data)))
                    if len(waiting) > self._ahead:
                        yield from _first(waiting)
            except GrowingError as error:  # the rest is unreadable; earlier rows still count
                end = error
            while waiting:
                yield from _first(waiting)
            if end is not None:
                raise end
        except BrokenProcessPool as error:
            raise BrokenWorkerError(
                Said(
                    "a worker process died; the next run continues from the checkpoint",
                    "有工作进程异常退出；再次运行会从检查点继续",
                )
            ) from error

    def __enter__(self) -> InProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)


def make_conversion(recipes: Sequence[Recipe], workers: int) -> Conversion:
    """Return a conversion with this many processes; 1 uses this process."""
    return InThisProcess(recipes) if workers == 1 else InProcesses(recipes, workers)


class _Kitchen:
    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self._recipes = [(recipe.layout, recipe.converter()) for recipe in recipes]

    def convert(self, index: int, data: Any) -> Converted:
        layout, converter = self._recipes[index]
        return converter.convert(layout.rows(data))


_Sent: TypeAlias = tuple[list[Chunk], Future[list[Converted]]]
"""Chunks given to a process, and their future records."""

_TOGETHER: Final = 4
"""Chunks sent to a process together: a round trip takes as long as converting many rows."""


_kitchens: Final[list[_Kitchen]] = []
"""The kitchen of this worker process, which does nothing else."""


def _start(recipes: Sequence[Recipe]) -> None:
    # Ctrl-C reaches every process of a terminal; the main process decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _kitchens.append(_Kitchen(recipes))


def _end_with_parent() -> None:
    # All workers hold the same pipe open, so none would notice that the parent has gone.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _convert(index: int, several: list[Any]) -> list[Converted]:
    return [_kitchens[0].convert(index, data) for data in several]


def _groups(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    group: list[Chunk] = []
    try:
        for chunk in chunks:
            group.append(chunk)
            if len(group) == _TOGETHER:
                yield group
                group = []
    except GrowingError:
        if group:
            yield group
        raise
    if group:
        yield group


def _first(waiting: deque[_Sent]) -> Iterator[tuple[Chunk, Converted]]:
    chunks, future = waiting.popleft()
    return zip(chunks, future.result(), strict=True)
