"""Outcomes of an import: failed rows and their file, counts, and summaries."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from growingio_tracker.bulk.chunks import Layout
from growingio_wire.errors import GrowingIOException
from growingio_wire.said import Said


class FailedRow(Struct, frozen=True):
    """A row that was not delivered and never will be unless it is changed.

    :param number: the number of the row in its file or iterable, from 1, without the header.
    :param reason: a sentence in the language that was chosen.
    """

    number: int
    reason: str


class Progress(Struct, frozen=True):
    """Progress of an import, or of one of its files.

    :param rows: rows with an outcome, including those of earlier runs.
    :param delivered: rows that the server accepted.
    :param failed: rows that failed.
    :param part: the fraction of the file that is done, 0 to 1; ``None`` if unknown.
    :param path: the file; ``None`` for rows from Python.
    :param odd_ids: rows of this run whose id looks like a missing value, such as ``NULL``.
    """

    rows: int = 0
    delivered: int = 0
    failed: int = 0
    part: float | None = None
    path: str | None = None
    odd_ids: int = 0


OnProgress: TypeAlias = Callable[[Progress], object]


class FileSummary(Struct, frozen=True):
    """Outcome of one file.

    :param progress: the progress at the end.
    :param before: rows finished by earlier runs.
    :param failed_path: the file with the failed rows; ``None`` if none failed.
    :param checkpoint_path: the checkpoint from which the next run continues.
    :param error: why the import ended before the end of the file, in the language that was chosen;
        ``None`` if the file is done.
    :param retry_helps: whether another run may continue although nothing else changes, as after
        an interruption or an outage; ``False`` if the cause of ``error`` has to be removed before.
    """

    progress: Progress
    before: int
    failed_path: str | None
    checkpoint_path: str
    error: str | None = None
    retry_helps: bool = True


class Summary(Struct, frozen=True):
    """Outcome of all files.

    :param files: one summary for each file, in order.
    :param seconds: the duration of this run.
    """

    files: tuple[FileSummary, ...]
    seconds: float

    @property
    def delivered(self) -> int:
        """Rows that the server accepted, including those of earlier runs."""
        return sum(file.progress.delivered for file in self.files)

    @property
    def failed(self) -> int:
        """Rows that failed, including those of earlier runs."""
        return sum(file.progress.failed for file in self.files)

    @property
    def odd_ids(self) -> int:
        """Rows of this run whose id looks like a missing value."""
        return sum(file.progress.odd_ids for file in self.files)

    @property
    def rows_now(self) -> int:
        """Rows whose outcome is from this run."""
        return sum(file.progress.rows - file.before for file in self.files)

    @property
    def is_complete(self) -> bool:
        """Whether every file was read to its end."""
        return all(file.error is None for file in self.files)


class FailedRowsFile:
    """File of the failed rows of one input, created with the first one.

    :param path: its path.
    :param layout: the layout of the input.
    :param size: its size at the checkpoint; the rest is removed, because those rows are imported
        again.
    """

    def __init__(self, path: Path, layout: Layout, size: int) -> None:
        self.path = path
        # The file may have been removed in the meantime.
        self.size = min(size, path.stat().st_size) if path.exists() else 0
        self._layout = layout

    def add(self, rows: list[tuple[bytes, str]]) -> None:
        """Write raw rows with their reasons, and wait until they are on disk.

        :raises GrowingIOException: if they cannot be written; then none of them is.
        """
        written = b"".join(self._layout.failed_row(raw, reason) for raw, reason in rows)
        try:
            with self.path.open("r+b" if self.size else "wb") as file:
                file.seek(self.size)
                file.truncate()
                file.write(written if self.size else self._layout.failed_head() + written)
                file.flush()
                os.fsync(file.fileno())
                self.size = file.tell()
        except OSError as error:
            with suppress(OSError):
                self.go_back(self.size)
            raise GrowingIOException(
                Said(
                    f"the failed rows cannot be written to {self.path}: {error}. The import ended "
                    "before them",
                    f"无法把失败的行写入 {self.path}：{error}。导入在这些行之前结束",
                )
            ) from error

    def go_back(self, size: int) -> None:
        """Truncate the file to a size, or remove it if the size is 0."""
        self.size = size
        if size:
            os.truncate(self.path, size)
        else:
            self.path.unlink(missing_ok=True)
