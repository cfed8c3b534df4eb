"""What a format of rows has to be able to do.

A file is cut into chunks of whole rows by one process, and a chunk is read by any.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from growingio_tracker.bulk.rows import BadRow, Row

MAX_ROW_BYTES: Final = 64 * 1024 * 1024
"""A row that is longer is no row; reading ends there, because it would fill the memory."""

CHUNK_BYTES: Final = 1024 * 1024
"""A chunk ends with the row that reaches this."""


class Place(NamedTuple):
    """Where a row begins: the ``offset`` of its file's content, and the ``rows`` before it.

    The offset is in bytes after decompression, or in rows where a format has no such bytes.
    """

    offset: int = 0
    rows: int = 0


class Chunk(NamedTuple):
    """Some whole rows, and the place behind them. ``part`` of the file has been read, 0 to 1."""

    data: bytes
    end: Place
    part: float


class Layout(Protocol):
    """How the rows of one file are written. It is small, and can be sent to another process."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of every row; ``None`` when each row names its own."""
        ...

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """Yield the chunks of a file from ``start`` on, of at most ``max_rows`` rows.

        :raises GrowingIOException: when the file cannot be read on.
        """
        ...

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """Yield the rows of a chunk; a row that cannot be read as a :class:`BadRow`."""
        ...

    def raw_rows(self, data: bytes) -> list[bytes]:
        """Return what stands in the file for each of the same rows."""
        ...

    def failed_head(self) -> bytes:
        """Return what a file of failed rows begins with."""
        ...

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """Return what stands in a file of failed rows for a raw row: itself, and the reason."""
        ...

    @property
    def failed_suffix(self) -> str:
        """The ending of the name of a file of failed rows."""
        ...
