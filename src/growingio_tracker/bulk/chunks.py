"""Chunks of whole rows, cut from the lines of files.

One process splits a file into chunks that end at the end of a row, and any process can read a
chunk. A :class:`Layout` does both for one format. Files may be compressed with gzip.
"""

from __future__ import annotations

import codecs
import io
import os
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from growingio_tracker.bulk.rows import BadRow
from growingio_tracker.bulk.streams import AS_IT_IS, MAX_ROW_BYTES, Form, opened
from growingio_tracker.bulk.typed import Row
from growingio_wire.errors import GrowingIOException, said_of
from growingio_wire.said import Said

CHUNK_BYTES: Final = 1024 * 1024
"""A chunk ends with the row that reaches this size."""


Key: TypeAlias = tuple[str, str]
"""A value of a database column: the name of its type, and its text."""


class Place(NamedTuple):
    """Start of a row: its ``offset`` in the file's content, and the number of ``rows`` before it.

    The offset is in bytes after decompression, or in rows if the format has no byte offsets. For a
    query it is the ``key`` of the previous row.
    """

    offset: int = 0
    rows: int = 0
    key: Key | None = None


class Chunk(NamedTuple):
    """Some whole rows, in the form that their layout reads, and the place after them.

    :param data: bytes, or any object that can be pickled.
    :param part: the fraction of the source read so far, 0 to 1; ``None`` if unknown.
    """

    data: Any
    end: Place
    part: float | None


class Layout(Protocol):
    """Format of the rows of one source. It is small, and can be sent to another process."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Columns of all rows; ``None`` if each row names its own."""
        ...

    def rows(self, data: Any) -> Iterator[Row | BadRow]:
        """Yield the rows of a chunk, with a :class:`BadRow` for each unreadable one."""
        ...

    def raw_rows(self, data: Any) -> list[bytes]:
        """Return the source's text for each of the same rows."""
        ...

    def failed_head(self) -> bytes:
        """Return the beginning of a file of failed rows."""
        ...

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """Return the entry for a raw row in a file of failed rows: the row and the reason."""
        ...

    @property
    def failed_suffix(self) -> str:
        """The ending of the name of a file of failed rows."""
        ...


class FileLayout(Layout, Protocol):
    """Format of the rows of one file, which also splits it into chunks."""

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """Yield the chunks of a file from ``start`` on, of at most ``max_rows`` rows.

        :raises GrowingIOException: if reading fails.
        """
        ...


UTF_8: Final = "utf-8"
GB18030: Final = "gb18030"
"""Encodings in which newline, quote and comma bytes never occur inside other characters."""


class LineReader:
    """Lines of one file, starting at a place.

    :param path: the file; gzip is detected by its first bytes.
    :param form: further transformation of its bytes.
    """

    def __init__(self, path: str, start: Place, form: Form = AS_IT_IS) -> None:
        self._path = path
        self._file = io.FileIO(path)
        self._size = os.fstat(self._file.fileno()).st_size
        self._stream = opened(self._file, form)
        self._failure: Exception | None = None
        self.offset = start.offset
        try:
            self._go_to_offset()
        except UNREADABLE as error:
            self._failure = error

    def _go_to_offset(self) -> None:
        left = self.offset
        if left and self._stream.seekable():
            self._stream.seek(left)
        elif left:
            while left and (part := self._stream.read(min(left, CHUNK_BYTES))):
                left -= len(part)
        elif self._stream.peek(3).startswith(codecs.BOM_UTF8):
            self.offset = len(self._stream.read(len(codecs.BOM_UTF8)))

    def line(self) -> bytes:
        """Return the next line including its line break, or ``b""`` at the end.

        :raises GrowingIOException: if it is longer than a row may be.
        :raises Exception: the stream's error, again at every further call.
        """
        if self._failure is not None:
            raise self._failure
        try:
            line = self._stream.readline(MAX_ROW_BYTES + 1)
            if len(line) > MAX_ROW_BYTES:
                raise too_long(self._path, self.offset)
        except UNREADABLE as error:
            self._failure = error
            raise
        self.offset += len(line)
        return line

    def take(self, max_lines: int) -> list[bytes]:
        """Return the next lines, limited by number and size; none at the end.

        A read error is raised once all lines before it have been returned.
        """
        lines: list[bytes] = []
        size = 0
        try:
            while len(lines) < max_lines and size < CHUNK_BYTES and (line := self.line()):
                lines.append(line)
                size += len(line)
        except UNREADABLE:
            if not lines:
                raise
        return lines

    def end_before(self, offset: int, failure: Exception) -> None:
        """Go back to a place, and end with ``failure`` there."""
        self.offset, self._failure = offset, failure

    def part(self) -> float:
        """Return the fraction of the file read so far, 0 to 1."""
        return min(1.0, self._file.tell() / self._size) if self._size else 1.0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._file.close()


UNREADABLE: Final = (OSError, EOFError, zlib.error, GrowingIOException)
"""Errors raised by a file that is unreadable from some point on."""


@contextmanager
def lines_of(path: str, start: Place, form: Form = AS_IT_IS) -> Generator[LineReader, None, None]:
    """Open a file at a place.

    :raises GrowingIOException: inside the block, if reading fails.
    """
    lines: LineReader | None = None
    try:
        lines = LineReader(path, start, form)
        yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise readable_in_part(path, error) from error
    finally:
        if lines is not None:
            lines.close()


def readable_in_part(path: str, error: Exception) -> GrowingIOException:
    """Return the error for a file that is unreadable from some point on."""
    why = said_of(error)
    return GrowingIOException(
        Said(
            f"{path} is readable only in part: {why.en}. The rows before that point were read",
            f"{path} 只有一部分可读：{why.zh}。已读取此前的行",
        )
    )


def too_long(path: str, offset: int) -> GrowingIOException:
    """Return the error for a row that is too long."""
    return GrowingIOException(
        Said(
            f"{path}: the row at byte {offset} is longer than {MAX_ROW_BYTES} bytes; a quote may "
            "be unclosed, or the file may have another format. Only the rows before it were read",
            f"{path}：第 {offset} 字节处的行超过 {MAX_ROW_BYTES} 字节；可能有引号未闭合，"
            "或文件是其他格式。只读取了此前的行",
        )
    )


def text_of(data: bytes, encoding: str) -> str:
    """Return the text of a chunk; invalid bytes become lone surrogates."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode(encoding, "surrogateescape")


NOT_TEXT: Final = BadRow(
    Said(
        "contains bytes that are invalid in the encoding of the file; repair them",
        "含有不符合文件编码的字节；请修正",
    )
)
HAS_NUL: Final = BadRow(Said("contains a NUL character; remove it", "含有 NUL 字符；请删除"))
