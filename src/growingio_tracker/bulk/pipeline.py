"""Where rows are converted: in this process, or in others.

Threads would not help, because converting never lets go of the interpreter. Other processes get
chunks of bytes and return records; they know neither files nor servers. What comes back is in the
order in which it went out, so the rows of a file keep their order.
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
from typing import Final, NamedTuple, Protocol

from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.readers.layout import Chunk, Layout
from growingio_tracker.bulk.rows import Converted, Converter, RowOptions
from growingio_tracker.exceptions import GrowingIOException


class Recipe(NamedTuple):
    """All that it takes to make records of the chunks of one file."""

    layout: Layout
    kind: RowKind
    mapping: RowMapping
    product_id: str
    data_source_id: str
    options: RowOptions

    def converter(self) -> Converter:
        """Return what makes records of rows.

        :raises GrowingParamException: when the mapping does not fit.
        """
        owner = self.product_id, self.data_source_id
        return Converter(self.kind, self.mapping, *owner, self.options)


class Conversion(Protocol):
    """Converts chunks. Usable from several threads."""

    def each(self, index: int, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Converted]]:
        """Yield the chunks of the file with this index, in order, and what they became."""
        ...

    def __enter__(self) -> Conversion: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class InThisProcess:
    """Converts where it is asked to."""

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
    """Converts in processes of its own, which import this package anew.

    :param workers: how many processes.
    """

    def __init__(self, recipes: Sequence[Recipe], workers: int) -> None:
        self._ahead = workers + 1
        self._pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), _start, (tuple(recipes),)
        )

    def each(self, index: int, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Converted]]:
        """See :class:`Conversion`."""
        waiting: deque[tuple[Chunk, Future[Converted]]] = deque()
        try:
            for chunk in chunks:
                waiting.append((chunk, self._pool.submit(_convert, index, chunk.data)))
                if len(waiting) > self._ahead:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        except BrokenProcessPool as error:
            raise GrowingIOException(
                "a worker process ended before its work did; a further run goes on from the "
                "checkpoint"
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


def conversion(recipes: Sequence[Recipe], workers: int) -> Conversion:
    """Return what converts with so many processes; 1 means this one."""
    return InThisProcess(recipes) if workers == 1 else InProcesses(recipes, workers)


class _Kitchen:
    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self._recipes = [(recipe.layout, recipe.converter()) for recipe in recipes]

    def convert(self, index: int, data: bytes) -> Converted:
        layout, converter = self._recipes[index]
        return converter.convert(layout.rows(data))


_kitchens: Final[list[_Kitchen]] = []
"""The one of a worker process, in which nothing else lives."""


def _start(recipes: Sequence[Recipe]) -> None:
    # Ctrl-C reaches every process of a terminal, and the one that reads and sends decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _kitchens.append(_Kitchen(recipes))


def _end_with_parent() -> None:
    # Each worker of a pool keeps open the pipe that they all read from, so none would see its end.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _convert(index: int, data: bytes) -> Converted:
    return _kitchens[0].convert(index, data)


def _first(waiting: deque[tuple[Chunk, Future[Converted]]]) -> tuple[Chunk, Converted]:
    chunk, future = waiting.popleft()
    return chunk, future.result()
