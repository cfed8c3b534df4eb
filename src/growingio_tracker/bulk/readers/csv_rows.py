"""Rows of CSV and TSV. A quoted cell may hold line ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from growingio_tracker.bulk.mapping import ERROR_COLUMN
from growingio_tracker.bulk.readers.layout import MAX_ROW_BYTES, Chunk, Place
from growingio_tracker.bulk.readers.lines import (
    NOT_TEXT,
    Lines,
    check_encoding,
    lines_of,
    text_of,
    too_long,
)
from growingio_tracker.bulk.rows import BadRow, Row
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import has_surrogates

_QUOTE: Final = b'"'


class CsvLayout(Struct, frozen=True):
    """CSV with a header.

    :param columns: the names in the header.
    :param first: where the first row begins, in bytes.
    """

    columns: tuple[str, ...]
    first: int
    delimiter: str
    encoding: str

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return ".tsv" if self.delimiter == "\t" else ".csv"

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        place = start if start.offset else Place(self.first)
        with lines_of(path, place) as lines:
            while taken := lines.take(max_rows):
                data = b"".join(taken)
                if _QUOTE in data:
                    data, rows = _whole_rows(taken, lines, self, path)
                else:
                    rows = sum(1 for line in taken if line.strip(b"\r\n"))
                place = Place(lines.offset, place.rows + rows)
                yield Chunk(data, place, lines.part())

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        columns, width = self.columns, len(self.columns)
        text = text_of(data, self.encoding)
        damaged = has_surrogates(text)
        for cells in _cells(io.StringIO(text, newline="\n"), self.delimiter):
            if isinstance(cells, BadRow):
                yield cells
            elif len(cells) != width:
                if cells:  # a blank line is no row
                    yield BadRow(_wrong_width(cells, width))
            elif damaged and any(map(has_surrogates, cells)):
                yield BadRow(NOT_TEXT)
            else:
                # An empty cell is a value that is missing; a column without a name is no column.
                yield {
                    name: cell for name, cell in zip(columns, cells, strict=True) if cell and name
                }

    def raw_rows(self, data: bytes) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        lines = io.BytesIO(data).readlines()  # unlike splitlines(), only at newlines
        taken: list[bytes] = []
        found: list[bytes] = []
        for cells in _cells(_decoded(lines, taken, self.encoding), self.delimiter):
            if cells:
                found.append(b"".join(taken))
            taken.clear()
        return found

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        names = [name for name in self.columns if name != ERROR_COLUMN]
        return self._line([ERROR_COLUMN, *names])

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`.

        The reason stands before the row, which stays as it is even where it is broken.
        """
        if ERROR_COLUMN in self.columns:
            raw = self._without_reason(raw)
        end = b"" if raw.endswith(b"\n") else b"\n"
        return self._line([reason])[:-1] + self.delimiter.encode() + raw + end

    def _without_reason(self, raw: bytes) -> bytes:
        text = io.StringIO(text_of(raw, self.encoding), newline="\n")
        cells = next(_cells(text, self.delimiter))
        if isinstance(cells, BadRow):
            return raw
        place = self.columns.index(ERROR_COLUMN)
        return self._line([*cells[:place], *cells[place + 1 :]])

    def _line(self, cells: list[str]) -> bytes:
        line = io.StringIO()
        csv.writer(line, delimiter=self.delimiter, lineterminator="\n").writerow(cells)
        return line.getvalue().encode(self.encoding, "surrogateescape")


def csv_layout(path: str, delimiter: str, encoding: str) -> CsvLayout:
    """Read the header of a file.

    :raises GrowingParamException: when it is no header, or in another encoding.
    :raises GrowingIOException: when the file cannot be read.
    """
    csv.field_size_limit(MAX_ROW_BYTES)  # of the whole process; the default is 128 KiB
    check_encoding(path, encoding)
    with lines_of(path, Place()) as lines:
        taken: list[bytes] = []
        feed = _decoded(iter(lines.line, b""), taken, encoding)
        header = next(_cells(feed, delimiter), BadRow("is missing"))
        first = lines.offset
    if isinstance(header, BadRow) or not any(header):
        raise GrowingParamException(f"{path} has no header; the first line must name the columns")
    columns = tuple(name.strip() for name in header)
    for name in columns:
        if name and columns.count(name) > 1:
            raise GrowingParamException(
                f"{path}: the header has the column {name!r} twice; rename one of them"
            )
    return CsvLayout(columns, first, delimiter, encoding)


def _whole_rows(
    taken: list[bytes], lines: Lines, layout: CsvLayout, path: str
) -> tuple[bytes, int]:
    """Return ``taken`` with the lines behind it that belong to its last row, and how many rows."""
    rows = 0
    whole: list[bytes] = []
    begin, wanted = lines.offset - sum(map(len, taken)), len(taken)

    def source() -> Iterator[bytes]:
        yield from taken
        yield from iter(lines.line, b"")

    feed = _decoded(_bounded(source(), path, begin), whole, layout.encoding)
    for cells in _cells(feed, layout.delimiter):
        rows += bool(cells)
        if len(whole) >= wanted:
            break
    return b"".join(whole), rows


def _bounded(lines: Iterable[bytes], path: str, begin: int) -> Iterator[bytes]:
    size = 0
    for line in lines:
        size += len(line)
        if size > 2 * MAX_ROW_BYTES:
            raise too_long(path, begin)
        yield line


def _decoded(lines: Iterable[bytes], taken: list[bytes], encoding: str) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line.decode(encoding, "surrogateescape")


def _cells(lines: Iterable[str], delimiter: str) -> Iterator[list[str] | BadRow]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield from reader
        except csv.Error as error:
            yield BadRow(f"is not CSV: {error}")
        else:
            return


def _wrong_width(cells: list[str], width: int) -> str:
    open_quote = any("\n" in cell for cell in cells)
    hint = "; a quote may be open" if open_quote else ""
    return f"has {len(cells)} cells, and the header {width}{hint}"
