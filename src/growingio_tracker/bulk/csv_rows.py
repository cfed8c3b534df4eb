"""Rows of CSV and TSV files, whose quoted cells may contain line breaks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from msgspec import Struct

from growingio_tracker.bulk.chunks import (
    UNREADABLE,
    Chunk,
    LineReader,
    Place,
    lines_of,
    text_of,
    too_long,
)
from growingio_tracker.bulk.csv_cells import cells_of, cells_of_text, damage, wrong_width
from growingio_tracker.bulk.mapping import ERROR_COLUMN
from growingio_tracker.bulk.rows import BadRow
from growingio_tracker.bulk.streams import AS_IT_IS, MAX_ROW_BYTES, Form
from growingio_tracker.bulk.typed import Row
from growingio_tracker.model.scalars import has_surrogates
from growingio_wire.errors import invalid

_QUOTE: Final = b'"'
_QUOTED: Final = re.compile(r'"[^"]*"')
_SAID: Final = re.compile(rb'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
"""Excel's line that declares the delimiter."""

_DELIMITERS: Final = (",", ";", "\t", "|")  # the first one wins a tie


class CsvLayout(Struct, frozen=True):
    """CSV with a header.

    :param columns: the names in the header.
    :param first: the byte offset of the first row.
    :param nulls: cells that mean a missing value, besides empty ones.
    """

    columns: tuple[str, ...]
    first: int
    delimiter: str
    encoding: str
    form: Form = AS_IT_IS
    nulls: frozenset[str] = frozenset()

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return ".tsv" if self.delimiter == "\t" else ".csv"

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        place = start if start.offset else Place(self.first)
        with lines_of(path, place, self.form) as lines:
            while taken := lines.take(max_rows):
                data = b"".join(taken)
                if _QUOTE in data:
                    data, rows = _whole_rows(taken, lines, self, path)
                    if not data:
                        continue
                else:
                    rows = len(taken) - _blank(taken, data)
                place = Place(lines.offset, place.rows + rows)
                yield Chunk(data, place, lines.part())

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        columns, width, nulls = self.columns, len(self.columns), self.nulls
        text = text_of(data, self.encoding)
        is_damaged = "\0" in text or has_surrogates(text)
        is_plain = not nulls and all(columns)
        for cells in cells_of_text(text, self.delimiter):
            if isinstance(cells, BadRow):
                yield cells
            elif len(cells) != width and not self._fits(cells):
                if cells:  # blank lines are not rows
                    yield wrong_width(cells, width)
            elif is_damaged and (found := damage(cells)) is not None:
                yield found
            elif is_plain and len(cells) == width and "" not in cells:
                yield dict(zip(columns, cells, strict=True))
            else:
                given = ["" if one in nulls else one for one in cells] if nulls else cells
                # Empty cells are missing values, and columns without a name are ignored.
                yield {
                    name: cell for name, cell in zip(columns, given, strict=False) if cell and name
                }

    def _fits(self, cells: list[str]) -> bool:
        """Return whether a row differs from the header only by delimiters at its end."""
        width = len(self.columns)
        behind = cells[width:] if len(cells) > width else self.columns[len(cells) :]
        return bool(cells) and not any(behind)

    def raw_rows(self, data: bytes) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        lines = io.BytesIO(data).readlines()  # unlike splitlines(), only at newlines
        taken: list[bytes] = []
        found: list[bytes] = []
        for cells in cells_of(_decoded(lines, taken, self.encoding), self.delimiter):
            if isinstance(cells, BadRow):  # always one line, however many were read
                found.append(taken.pop(0))
            elif cells:
                found.append(b"".join(taken))
                taken.clear()
            else:
                taken.pop(0)
        return found

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        names = [name for name in self.columns if name != ERROR_COLUMN]
        return self._line([ERROR_COLUMN, *names])

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`.

        The reason comes first; the row is not changed, even if it is malformed.
        """
        if ERROR_COLUMN in self.columns:
            raw = self._without_reason(raw)
        end = b"" if raw.endswith(b"\n") else b"\n"
        return self._line([reason])[:-1] + self.delimiter.encode() + raw + end

    def _without_reason(self, raw: bytes) -> bytes:
        text = io.StringIO(text_of(raw, self.encoding), newline="\n")
        cells = next(cells_of(text, self.delimiter))
        if isinstance(cells, BadRow):
            return raw
        place = self.columns.index(ERROR_COLUMN)
        return self._line([*cells[:place], *cells[place + 1 :]])

    def _line(self, cells: list[str]) -> bytes:
        line = io.StringIO()
        csv.writer(line, delimiter=self.delimiter, lineterminator="\n").writerow(cells)
        return line.getvalue().encode(self.encoding, "surrogateescape")


def csv_layout(
    path: str,
    delimiter: str | None,
    encoding: str,
    form: Form = AS_IT_IS,
    *,
    skip_lines: int = 0,
    nulls: frozenset[str] = frozenset(),
) -> CsvLayout:
    """Read the header of a file.

    :param delimiter: ``None`` is the most frequent in the header: comma, semicolon, tab or bar.
    :param skip_lines: the number of lines before the header.
    :raises GrowingParamException: if there is no valid header.
    :raises GrowingIOException: if the file cannot be read.
    """
    with lines_of(path, Place(), form) as lines:
        for _ in range(skip_lines):
            lines.line()
        first_line = lines.line()
        if (said := _SAID.fullmatch(first_line)) is not None:
            delimiter = delimiter or said[1].decode()
            first_line = lines.line()
        delimiter = delimiter or _likeliest(first_line.decode(encoding, "replace"))
        feed = _decoded(chain([first_line], iter(lines.line, b"")), [], encoding)
        header = next(cells_of(feed, delimiter), list[str]())
        first = lines.offset
    if isinstance(header, BadRow) or not any(header):
        raise invalid(
            f"{path} has no header; the first line must name the columns (--skip-lines skips "
            "lines before it)",
            f"{path} 没有表头；第一行必须是列名（可用 --skip-lines 跳过之前的行）",
        )
    columns = tuple(name.strip() for name in header)
    for name in columns:
        if "\0" in name:
            raise invalid(
                f"{path}: the header contains a NUL character", f"{path}：表头含有 NUL 字符"
            )
        if name and columns.count(name) > 1:
            raise invalid(
                f"{path}: the header has the column {name!r} twice; rename one of them",
                f"{path}：表头中的列 {name!r} 重复；请改名其中之一",
            )
    return CsvLayout(columns, first, delimiter, encoding, form, nulls)


def _likeliest(header: str) -> str:
    # Spreadsheets write commas, semicolons or tabs, depending on the locale.
    return max(_DELIMITERS, key=_QUOTED.sub("", header).count)


def _whole_rows(
    taken: list[bytes], lines: LineReader, layout: CsvLayout, path: str
) -> tuple[bytes, int]:
    """Return ``taken`` with the further lines of its last row, and the number of rows.

    If the file cannot be read to the end of that row, the row is left out.
    """
    rows = done = 0
    whole: list[bytes] = []
    begin = lines.offset - sum(map(len, taken))

    def source() -> Iterator[bytes]:
        yield from taken
        while done < len(whole) and (line := lines.line()):
            yield line

    feed = _decoded(_bounded(source(), path, begin), whole, layout.encoding)
    try:
        for cells in cells_of(feed, layout.delimiter):
            rows += bool(cells)
            done = len(whole)
    except UNREADABLE as error:
        del whole[done:]
        lines.end_before(begin + sum(map(len, whole)), error)
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


def _blank(lines: list[bytes], data: bytes) -> int:
    """Return how many of the lines of ``data`` are blank."""
    if b"\r\r" in data:
        return sum(not line.strip(b"\r\n") for line in lines)
    return lines.count(b"\n") + lines.count(b"\r\n") + lines.count(b"\r")
