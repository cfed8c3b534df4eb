"""Rows of NDJSON files: one JSON object per line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from growingio_tracker.bulk.chunks import (
    GB18030,
    NOT_TEXT,
    UTF_8,
    Chunk,
    Place,
    lines_of,
    text_of,
)
from growingio_tracker.bulk.mapping import ERROR_COLUMN
from growingio_tracker.bulk.rows import BadRow
from growingio_tracker.bulk.streams import AS_IT_IS, Form
from growingio_tracker.bulk.typed import Row
from growingio_wire.said import Said

_LINE_KEY: Final = "growingio_import_line"
_REASON: Final = rb'^\{"growingio_import_error":"(?:%b|\\.)*",?'
_REASONS: Final = {
    UTF_8: re.compile(_REASON % rb'[^"\\]'),
    # The second byte of a character may be the same as a backslash.
    GB18030: re.compile(_REASON % rb'[^"\\\x81-\xfe]|[\x81-\xfe].'),
}
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class NdjsonLayout(Struct, frozen=True):
    """JSON objects, one per line.

    :param first: the byte offset of the first row.
    """

    encoding: str
    form: Form = AS_IT_IS
    first: int = 0

    @property
    def columns(self) -> None:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return ".ndjson"

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        rows = start.rows
        place = start if start.offset else Place(self.first)
        with lines_of(path, place, self.form) as lines:
            while taken := lines.take(max_rows):
                rows += sum(1 for line in taken if not line.isspace())
                yield Chunk(b"".join(taken), Place(lines.offset, rows), lines.part())

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        decode = _decode if self.encoding == UTF_8 else self._decode
        for line in data.split(b"\n"):
            if line and not line.isspace():
                try:
                    yield decode(line)
                except msgspec.DecodeError as error:
                    yield BadRow(Said(f"is not a JSON object: {error}", f"不是 JSON 对象：{error}"))
                except UnicodeError:
                    yield NOT_TEXT

    def raw_rows(self, data: bytes) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return [line for line in data.split(b"\n") if line and not line.isspace()]

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return b""

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`.

        The reason becomes the first member; the rest is not changed, even if it is malformed.
        """
        said = self._written({ERROR_COLUMN: reason})
        rest = _REASONS[self.encoding].sub(b"{", raw.strip()).lstrip()
        if not rest.startswith(b"{"):
            line = text_of(rest, self.encoding).encode("utf-8", "backslashreplace").decode()
            return self._written({ERROR_COLUMN: reason, _LINE_KEY: line}) + b"\n"
        members = rest[1:].lstrip()
        comma = b"" if members.startswith(b"}") else b","
        return said[:-1] + comma + members + b"\n"

    def _decode(self, line: bytes) -> Row:
        return _decode(line.decode(self.encoding))

    def _written(self, members: dict[str, str]) -> bytes:
        return msgspec.json.encode(members).decode().encode(self.encoding)


AS_JSON: Final = NdjsonLayout(UTF_8)


class TypedRows(Struct, frozen=True):
    """Rows of typed columns. Failed rows are written as NDJSON.

    :param columns: the names of the columns.
    """

    columns: tuple[str, ...]

    def rows(self, data: Any) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        raise NotImplementedError

    def raw_rows(self, data: Any) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return [msgspec.json.encode(row, enc_hook=str) for row in self.rows(data)]

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return AS_JSON.failed_suffix

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return AS_JSON.failed_head()

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        return AS_JSON.failed_row(raw, reason)


def ndjson_layout(
    path: str, encoding: str, form: Form = AS_IT_IS, *, skip_lines: int = 0
) -> NdjsonLayout:
    """Find the first row of a file.

    :param skip_lines: the number of lines before it.
    :raises GrowingIOException: if the file cannot be read.
    """
    with lines_of(path, Place(), form) as lines:
        for _ in range(skip_lines):
            lines.line()
        return NdjsonLayout(encoding, form, lines.offset if skip_lines else 0)
