"""Rows of NDJSON: a JSON object in each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from growingio_tracker.bulk.mapping import ERROR_COLUMN
from growingio_tracker.bulk.readers.layout import Chunk, Place
from growingio_tracker.bulk.readers.lines import (
    NOT_TEXT,
    UTF_8,
    check_encoding,
    lines_of,
    text_of,
)
from growingio_tracker.bulk.rows import BadRow, Row

_LINE_KEY: Final = "growingio_import_line"
_REASON: Final = re.compile(rb'^\{"growingio_import_error":"(?:[^"\\]|\\.)*",?')
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class NdjsonLayout(Struct, frozen=True):
    """JSON objects, one a line."""

    encoding: str

    @property
    def columns(self) -> None:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return ".ndjson"

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        rows = start.rows
        with lines_of(path, start) as lines:
            while taken := lines.take(max_rows):
                rows += sum(1 for line in taken if not line.isspace())
                yield Chunk(b"".join(taken), Place(lines.offset, rows), lines.part())

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        decode = _decode if self.encoding == UTF_8 else self._decode
        for line in data.split(b"\n"):
            if line and not line.isspace():
                try:
                    yield decode(line)
                except msgspec.DecodeError as error:
                    yield BadRow(f"is not a JSON object: {error}")
                except UnicodeError:
                    yield BadRow(NOT_TEXT)

    def raw_rows(self, data: bytes) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return [line for line in data.split(b"\n") if line and not line.isspace()]

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return b""

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`.

        The reason becomes the first member, and the rest stays as it is even where it is broken.
        """
        said = self._written({ERROR_COLUMN: reason})
        rest = _REASON.sub(b"{", raw.strip()).lstrip()
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


def ndjson_layout(path: str, encoding: str) -> NdjsonLayout:
    """Look at the beginning of a file.

    :raises GrowingParamException: when it is in another encoding.
    :raises GrowingIOException: when the file cannot be read.
    """
    check_encoding(path, encoding)
    return NdjsonLayout(encoding)
