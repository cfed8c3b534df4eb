"""From rows to records: the same messages, checks and encoding as a tracker's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, cast

from growingio_tracker._clock import now_ms
from growingio_tracker.bulk.mapping import ERROR_COLUMN, RowKind, RowMapping, as_source
from growingio_tracker.bulk.typed import Convert, converter
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import CustomEventMessage, ItemMessage, Message, UserLoginMessage
from growingio_tracker.record import to_record
from growingio_tracker.tracker import MAX_EVENT_BYTES
from growingio_tracker.values import redacted
from growingio_tracker.wire import Kind

KINDS: Final[Mapping[RowKind, Kind]] = {
    "event": Kind.EVENT,
    "user": Kind.EVENT,
    "item": Kind.ITEM,
}
"""Where the records of each kind of row go."""


class RowOptions(NamedTuple):
    """What is done to the rows of one import.

    :param redact: names of attributes whose values are replaced by ``***``.
    :param max_event_bytes: a row whose record is longer fails.
    """

    redact: frozenset[str] = frozenset()
    max_event_bytes: int = MAX_EVENT_BYTES


class BadRow(NamedTuple):
    """A row that could not even be read. ``reason`` continues "the row …"."""

    reason: str


Row: TypeAlias = dict[str, Any]


class Converted(NamedTuple):
    """The records of some rows, and the places and reasons of the rows that failed."""

    records: list[bytes]
    failed: list[tuple[int, str]]

    def places(self) -> list[int]:
        """Return the place of each record among the rows."""
        failed = {place for place, _ in self.failed}
        return [row for row in range(len(self.records) + len(failed)) if row not in failed]


class _Cell(NamedTuple):
    name: str
    column: str
    convert: Convert | None


class Converter:
    """Makes records of rows.

    :param kind: what the rows become.
    :param mapping: which column becomes what.
    :param product_id: the project that the records belong to.
    :param data_source_id: the data source that they belong to.
    :param options: what else is done to them.
    :raises GrowingParamException: when no rows of that kind can be made with the mapping.
    """

    def __init__(
        self,
        kind: RowKind,
        mapping: RowMapping,
        product_id: str,
        data_source_id: str,
        options: RowOptions = RowOptions(),  # noqa: B008 - it cannot be changed
    ) -> None:
        mapping.check(kind)
        self._message = _MESSAGES[kind]
        owner = {"product_id": product_id, "data_source_id": data_source_id}
        self._same, self._fields = _plan(mapping.fields)
        self._same_attributes, self._attributes = _plan(mapping.attributes)
        self._same |= owner
        self._options = options
        self._spread = mapping.spread
        self._ignores_rest = mapping.rest == "ignore"
        self._taken = {ERROR_COLUMN, *mapping.spread, *mapping.ignore}
        self._taken |= {cell.column for cell in (*self._fields, *self._attributes)}

    def convert(self, rows: Iterable[Row | BadRow]) -> Converted:
        """Return the records of ``rows``, which are changed, and what failed among them."""
        records: list[bytes] = []
        failed: list[tuple[int, str]] = []
        now = now_ms()
        for place, row in enumerate(rows):
            if isinstance(row, BadRow):
                failed.append((place, f"the row {row.reason}"))
                continue
            try:
                records.append(self._record(row, now))
            except GrowingParamException as error:
                failed.append((place, str(error)))
        return Converted(records, failed)

    def _record(self, row: Row, now: int) -> bytes:
        values = self._same.copy()
        for name, column, convert in self._fields:
            value = row.get(column)
            if value is not None and value != "":
                values[name] = value if convert is None else _converted(value, name, convert)
        attributes = self._attributes_of(row)
        if attributes and self._options.redact:
            attributes = redacted(attributes, self._options.redact, "attributes")
        message = self._message(values, attributes)
        record, left_out = to_record(message, now)
        if left_out:
            raise GrowingParamException("; ".join(map(str, left_out)))
        if len(record) > self._options.max_event_bytes:
            raise GrowingParamException(
                f"the record is {len(record)} bytes long, and max_event_bytes is "
                f"{self._options.max_event_bytes}"
            )
        return record

    def _attributes_of(self, row: Row) -> Row | None:
        attributes = self._same_attributes.copy()
        for name, column, convert in self._attributes:
            value = row.get(column)
            if value is not None:
                attributes[name] = value if convert is None else _converted(value, name, convert)
        for column in self._spread:
            attributes |= _members(row.get(column), column)
        if not self._ignores_rest:
            for column in self._taken:
                row.pop(column, None)
            # The declared ones win over a column that happens to have the same name.
            attributes = row | attributes if attributes else row
        return attributes or None


def _plan(given: Mapping[str, Any]) -> tuple[Row, list[_Cell]]:
    """Return the values that all rows share, and where the others come from."""
    sources = {name: as_source(source) for name, source in given.items()}
    same: Row = {}
    cells: list[_Cell] = []
    for name, source in sources.items():
        convert = converter(name, source)
        if source.column is None:
            value = source.value
            same[name] = value if convert is None else _converted(value, name, convert)
        else:
            cells.append(_Cell(name, source.column, convert))
    return same, cells


def _converted(value: object, name: str, convert: Convert) -> object:
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError) as error:
        # Not the text of the error: it may hold what the row does.
        raise GrowingParamException(
            f"{name} is not what the mapping declares ({type(value).__name__} cannot be read so)"
        ) from error


def _members(value: object, column: str) -> Row:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise GrowingParamException(f"{column} must hold an object, got {type(value).__name__}")
    return cast("Row", value)


def _event(values: Row, attributes: Row | None) -> Message:
    if (time := values.get("event_time")) is not None:
        values["send_time"] = time
    return CustomEventMessage(attributes=attributes, **values)


def _user(values: Row, attributes: Row | None) -> Message:
    if (time := values.get("event_time")) is not None:
        values["send_time"] = time
    return UserLoginMessage(attributes=attributes, **values)


def _item(values: Row, attributes: Row | None) -> Message:
    return ItemMessage(attrs=attributes, **values)


_MESSAGES: Final[Mapping[RowKind, Callable[[Row, Row | None], Message]]] = {
    "event": _event,
    "user": _user,
    "item": _item,
}
