"""Rows of Parquet, read by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

import msgspec
from msgspec import Struct

from growingio_tracker._extras import missing_extra
from growingio_tracker.bulk.readers.layout import Chunk, Place
from growingio_tracker.bulk.readers.lines import UTF_8
from growingio_tracker.bulk.readers.ndjson import NdjsonLayout
from growingio_tracker.bulk.rows import BadRow, Row
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException

_AS_JSON: Final = NdjsonLayout(UTF_8)


class ParquetLayout(Struct, frozen=True):
    """Rows of typed columns. A chunk is an Arrow stream; failed rows are written as NDJSON."""

    columns: tuple[str, ...]

    @property
    def failed_suffix(self) -> str:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return _AS_JSON.failed_suffix

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        try:
            with _arrow("parquet").ParquetFile(path) as file:
                place = start
                for batch in _batches(file, start.rows, max_rows):
                    rows = place.rows + batch.num_rows
                    place = Place(rows, rows)
                    yield Chunk(_packed(batch), place, rows / (file.metadata.num_rows or 1))
        except (OSError, _arrow("lib").ArrowException) as error:
            raise GrowingIOException(
                f"{path} cannot be read on: {error}. What stands before that place was imported"
            ) from error

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        with _arrow("ipc").open_stream(data) as stream:
            for batch in stream:
                yield from batch.to_pylist()

    def raw_rows(self, data: bytes) -> list[bytes]:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return [msgspec.json.encode(row, enc_hook=str) for row in self.rows(data)]

    def failed_head(self) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return _AS_JSON.failed_head()

    def failed_row(self, raw: bytes, reason: str) -> bytes:
        """See :class:`~growingio_tracker.bulk.readers.layout.Layout`."""
        return _AS_JSON.failed_row(raw, reason)


def parquet_layout(path: str) -> ParquetLayout:
    """Read the names of the columns.

    :raises MissingExtraError: when pyarrow is not installed.
    :raises GrowingParamException: when it is no Parquet file.
    """
    try:
        names = _arrow("parquet").read_schema(path).names
    except (OSError, _arrow("lib").ArrowException) as error:
        raise GrowingParamException(
            f"{path} is no Parquet file that can be read: {error}"
        ) from error
    return ParquetLayout(tuple(names))


def _batches(file: Any, done: int, max_rows: int) -> Iterator[Any]:
    """Yield the batches behind the first ``done`` rows, reading no row group before them."""
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if done >= rows:
            done -= rows
            continue
        for batch in file.iter_batches(max_rows, row_groups=[group]):
            skipped = min(done, batch.num_rows)
            done -= skipped
            if skipped < batch.num_rows:
                yield batch.slice(skipped)


def _packed(batch: Any) -> bytes:
    arrow = import_module("pyarrow")
    buffer = arrow.BufferOutputStream()
    with _arrow("ipc").new_stream(buffer, batch.schema) as stream:
        stream.write_batch(batch)
    packed: bytes = buffer.getvalue().to_pybytes()
    return packed


def _arrow(module: str) -> Any:
    try:
        return import_module(f"pyarrow.{module}")
    except ModuleNotFoundError as error:
        raise missing_extra("reading Parquet", "parquet") from error
