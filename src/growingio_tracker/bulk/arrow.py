"""Rows of Arrow record batches, which Parquet files hold and Spark passes.

A cell that Python cannot represent fails only its own row. Errors of pyarrow never leave this
module. pandas is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from growingio_tracker.bulk.cells import Change, UnreadableCell, decoded, iso
from growingio_tracker.bulk.chunks import Chunk, Place, readable_in_part
from growingio_tracker.bulk.ndjson import TypedRows
from growingio_tracker.bulk.rows import BadRow
from growingio_tracker.bulk.typed import Row
from growingio_wire.errors import invalid, missing_extra

_NANOSECONDS: Final = "ns"
"""Unit that Python's times lack; pyarrow would need pandas for it."""


def arrow(module: str, feature: str, extra: str) -> Any:
    """Return a module of pyarrow.

    :raises MissingExtraError: if pyarrow is not installed.
    """
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ModuleNotFoundError as error:
        raise missing_extra(feature, extra) from error


def rows_of_batch(batch: Any) -> Iterator[Row]:
    """Yield the rows of a record batch: column → value.

    Maps and structs are dicts, and times have microseconds; for the others see
    :mod:`~growingio_tracker.bulk.cells`.
    """
    names: list[str] = batch.schema.names
    columns = [_cells(batch.column(place)) for place in range(len(names))]
    if not columns:
        yield from ({} for _ in range(batch.num_rows))
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _cells(column: Any) -> list[Any]:
    types = import_module("pyarrow.types")
    change = _change(column.type, types)
    try:
        plain = _plain(column.type, types)
        given = column if plain == column.type else column.cast(plain, safe=False)
        cells: list[Any] = given.to_pylist()
    except Exception:  # many kinds of error; the conversion cell by cell below finds the cause
        return [_cell(one, change, types) for one in column]
    if change is None:
        return cells
    return [cell if cell is None else change(cell) for cell in cells]


def _cell(scalar: Any, change: Change | None, types: Any) -> Any:
    try:
        plain = _plain(scalar.type, types)
        cell = (scalar if plain == scalar.type else scalar.cast(plain, safe=False)).as_py()
    except Exception:
        return UnreadableCell(getattr(scalar, "value", None))
    return cell if cell is None or change is None else change(cell)


def _plain(kind: Any, types: Any) -> Any:
    """Return the closest type that Python can represent: no nanoseconds, no unknown time zones."""
    arrow = import_module("pyarrow")
    if types.is_timestamp(kind):
        zone = kind.tz if kind.tz is None or _is_known(kind.tz) else "UTC"
        return arrow.timestamp("us" if kind.unit == _NANOSECONDS else kind.unit, zone)
    if types.is_time64(kind) and kind.unit == _NANOSECONDS:
        return arrow.time64("us")
    if types.is_duration(kind) and kind.unit == _NANOSECONDS:
        return arrow.duration("us")
    if types.is_dictionary(kind):
        plain = _plain(kind.value_type, types)
        return kind if plain == kind.value_type else plain
    if types.is_null(kind):  # casting maps that contain lists of nulls crashes the process
        return arrow.int8()
    if types.is_list(kind):
        return arrow.list_(kind.value_field.with_type(_plain(kind.value_type, types)))
    if types.is_large_list(kind):
        return arrow.large_list(kind.value_field.with_type(_plain(kind.value_type, types)))
    if types.is_fixed_size_list(kind):
        field = kind.value_field.with_type(_plain(kind.value_type, types))
        return arrow.list_(field, kind.list_size)
    if types.is_struct(kind):
        return arrow.struct([one.with_type(_plain(one.type, types)) for one in _members(kind)])
    if types.is_map(kind):
        return arrow.map_(_plain(kind.key_type, types), _plain(kind.item_type, types))
    return kind


def _is_known(zone: str) -> bool:
    if zone[:1] in "+-":
        return True
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _change(kind: Any, types: Any) -> Change | None:
    """Return the conversion of a type's values to values of rows, or ``None`` if none is needed."""
    if types.is_map(kind):
        key, item = _change(kind.key_type, types), _change(kind.item_type, types)
        return lambda pairs: _as_dict(pairs, key, item)
    if types.is_struct(kind):
        members = {one.name: _change(one.type, types) for one in _members(kind)}
        changed = {name: change for name, change in members.items() if change is not None}
        return (lambda struct: _each_member(struct, changed)) if changed else None
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        element = _change(kind.value_type, types)
        return None if element is None else lambda one: _each(one, element)
    if types.is_dictionary(kind):
        return _change(kind.value_type, types)
    if types.is_time(kind) or types.is_duration(kind):
        return iso
    return decoded if any(is_one(kind) for is_one in _of_bytes(types)) else None


def _of_bytes(types: Any) -> Iterator[Callable[[Any], bool]]:
    names = ("is_binary", "is_large_binary", "is_fixed_size_binary", "is_binary_view")
    return (getattr(types, name) for name in names if hasattr(types, name))


def _members(kind: Any) -> Iterator[Any]:
    return (kind.field(place) for place in range(kind.num_fields))


def _as_dict(pairs: Any, key: Change | None, item: Change | None) -> Any:
    if not isinstance(pairs, list):
        return pairs
    found: dict[str, Any] = {}
    for name, value in cast("list[tuple[Any, Any]]", pairs):
        shown = name if key is None else key(name)
        found[shown if isinstance(shown, str) else str(shown)] = (
            value if item is None or value is None else item(value)
        )
    return found


def _each_member(struct: Any, changed: dict[str, Change]) -> Any:
    if not isinstance(struct, dict):
        return struct
    found = cast("dict[str, Any]", struct)
    for name, change in changed.items():
        if found.get(name) is not None:
            found[name] = change(found[name])
    return found


def _each(values: Any, change: Change) -> Any:
    if not isinstance(values, list):
        return values
    return [one if one is None else change(one) for one in cast("Iterable[Any]", values)]


class ParquetLayout(TypedRows, frozen=True):
    """Rows of a Parquet file. A chunk is an Arrow stream."""

    def chunks(self, path: str, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        try:
            with _arrow("parquet").ParquetFile(path, page_checksum_verification=True) as file:
                place = start
                for batch in _batches(file, start.rows, max_rows):
                    rows = place.rows + batch.num_rows
                    place = Place(rows, rows)
                    yield Chunk(_packed(batch), place, rows / (file.metadata.num_rows or 1))
        except (OSError, _arrow("lib").ArrowException) as error:
            raise readable_in_part(path, error) from error

    def rows(self, data: bytes) -> Iterator[Row | BadRow]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        with _arrow("ipc").open_stream(data) as stream:
            for batch in stream:
                yield from rows_of_batch(batch)


def parquet_layout(path: str) -> ParquetLayout:
    """Read the names of the columns.

    :raises MissingExtraError: if pyarrow is not installed.
    :raises GrowingParamException: if it is not a Parquet file.
    """
    try:
        names = _arrow("parquet").read_schema(path).names
    except (OSError, _arrow("lib").ArrowException) as error:
        raise invalid(
            f"{path} is not a readable Parquet file: {error}",
            f"{path} 不是可读取的 Parquet 文件：{error}",
        ) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(
            f"{path} has the column {twice[0]!r} twice; rename one of them",
            f"{path} 中的列 {twice[0]!r} 重复；请改名其中之一",
        )
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
    buffer = _arrow("").BufferOutputStream()
    with _arrow("ipc").new_stream(buffer, batch.schema) as stream:
        stream.write_batch(batch)
    packed: bytes = buffer.getvalue().to_pybytes()
    return packed


def _arrow(module: str) -> Any:
    return arrow(module, "reading Parquet", "parquet")
