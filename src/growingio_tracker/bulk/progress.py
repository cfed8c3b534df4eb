"""What an import has come to: so far, and in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct


class FailedRow(Struct, frozen=True):
    """A row that was not delivered and never will be as it is.

    :param number: of the row in its file or iterable, from 1; a header is not counted.
    :param reason: a sentence.
    """

    number: int
    reason: str


class Progress(Struct, frozen=True):
    """How far an import, or one file of it, has come.

    :param rows: rows with an outcome, those of earlier runs included.
    :param delivered: the rows among them that the server accepted.
    :param failed: the others.
    :param part: which part of the file is done, 0 to 1; ``None`` when nobody knows.
    :param path: the file; ``None`` for rows from Python.
    """

    rows: int = 0
    delivered: int = 0
    failed: int = 0
    part: float | None = None
    path: str | None = None


OnProgress: TypeAlias = Callable[[Progress], object]


class FileSummary(Struct, frozen=True):
    """What became of one file.

    :param progress: at the end.
    :param before: rows that earlier runs had finished.
    :param failed_path: the file that the failed rows are in; ``None`` when none failed.
    :param checkpoint_path: where the place is kept from which a further run goes on.
    :param error: why it ended before the file did; ``None`` when the file is done.
    """

    progress: Progress
    before: int
    failed_path: str | None
    checkpoint_path: str
    error: str | None = None


class Summary(Struct, frozen=True):
    """What became of all files.

    :param files: one each, in their order.
    :param seconds: what this run took.
    """

    files: tuple[FileSummary, ...]
    seconds: float

    @property
    def delivered(self) -> int:
        """Rows that the server accepted, those of earlier runs included."""
        return sum(file.progress.delivered for file in self.files)

    @property
    def failed(self) -> int:
        """Rows that failed, those of earlier runs included."""
        return sum(file.progress.failed for file in self.files)

    @property
    def rows_now(self) -> int:
        """Rows that got their outcome in this run."""
        return sum(file.progress.rows - file.before for file in self.files)

    @property
    def is_complete(self) -> bool:
        """Whether every file was read to its end."""
        return all(file.error is None for file in self.files)
