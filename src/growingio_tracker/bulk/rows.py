"""Conversion of rows to records, with the same checks and encoding as a tracker's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from growingio_tracker.bulk.mapping import ERROR_COLUMN, RowKind, RowMapping, as_source
from growingio_tracker.bulk.plan_check import PlanCheck
from growingio_tracker.bulk.typed import Convert, Row, converter, members_of, value_at
from growingio_tracker.consumers.tracker_options import MAX_EVENT_BYTES
from growingio_tracker.delivery import Destination
from growingio_tracker.model import ItemMessage, Message
from growingio_tracker.model.events import CustomEventMessage, UserLoginMessage
from growingio_tracker.model.filters import redacted
from growingio_tracker.model.losses import unsendable
from growingio_tracker.model.record import PlainRecords, to_record
from growingio_wire.clock import now_ms
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.plan import Plan
from growingio_wire.said import Said
from growingio_wire.table import Kind

KINDS: Final[Mapping[RowKind, Kind]] = {
    "event": Kind.EVENT,
    "user": Kind.EVENT,
    "item": Kind.ITEM,
}
"""Kind of message for each kind of row."""


class RowOptions(NamedTuple):
    """Options for the rows of one import.

    :param redact: names of attributes whose values are replaced with ``***``.
    :param max_event_bytes: maximum size of a record; larger rows fail.
    :param tracking_plan: rows that violate this plan fail; ``None`` checks none.
    """

    redact: frozenset[str] = frozenset()
    max_event_bytes: int = MAX_EVENT_BYTES
    tracking_plan: Plan | None = None


_AS_THEY_ARE: Final = RowOptions()


class BadRow(NamedTuple):
    """A row that could not be read.

    :param reason: completes a sentence that begins with "the row", in Chinese 该行.
    """

    reason: Said


class Converted(NamedTuple):
    """Records of some rows, and the positions and reasons of the failed rows.

    :param odd_ids: the number of records whose id looks like a missing value, such as ``NULL``.
    """

    records: list[bytes]
    failed: list[tuple[int, Said]]
    odd_ids: int = 0

    def places(self) -> list[int]:
        """Return the position of each record among the rows."""
        failed = {place for place, _ in self.failed}
        return [row for row in range(len(self.records) + len(failed)) if row not in failed]


_MISSING: Final = ("null", "\\n", "undefined", "nan", "none", "nil", "n/a", "(null)", "<null>")
_ODD_IDS: Final = frozenset(
    form for word in _MISSING for form in (word, word.upper(), word.title())
)
"""Strings that other programs write for missing values."""

_MEMBER: Final = 2  # a path to a member of a column's object
_IDS: Final = ("anonymous_id", "login_user_id", "item_id")


class _Cell(NamedTuple):
    name: str
    column: str
    convert: Convert | None
    path: tuple[str, ...] = ()
    """Path of members to the value; empty if the value is the column's own."""


class Converter:
    """Converts rows to records.

    :param kind: the kind of message that rows become.
    :param mapping: the mapping of columns.
    :param destination: the project and data source of the records.
    :param options: further options.
    :raises GrowingParamException: if the mapping does not fit that kind.
    """

    def __init__(
        self,
        kind: RowKind,
        mapping: RowMapping,
        destination: Destination,
        options: RowOptions = _AS_THEY_ARE,
    ) -> None:
        mapping.check(kind)
        self._message = _MESSAGES[kind]
        self._same, self._fields = _plan(mapping.fields)
        self._same_attributes, self._attributes = _plan(mapping.attributes)
        self._same["product_id"] = destination.product_id
        self._same["data_source_id"] = destination.data_source_id
        self._options = options
        self._plain_events = (
            PlainRecords(
                destination.product_id, destination.data_source_id, options.max_event_bytes
            )
            if kind == "event"
            else None
        )
        plan = options.tracking_plan
        self._plan_check = None if plan is None else PlanCheck(plan, kind)
        self._spread = mapping.spread
        self._ignores_rest = mapping.rest == "ignore"
        self._taken = {ERROR_COLUMN, *mapping.spread, *mapping.ignore}
        cells = (*self._fields, *self._attributes)
        self._taken |= {cell.column for cell in cells}
        paths = [cell.path for cell in cells if len(cell.path) == _MEMBER]
        self._used = {root: {name for one, name in paths if one == root} for root, _ in paths}
        self._ids = [name for name in _IDS if name in mapping.fields]
        self._odd_ids = 0

    def convert(self, rows: Iterable[Row | BadRow]) -> Converted:
        """Return the records of ``rows`` and the failed rows. Modifies ``rows``."""
        records: list[bytes] = []
        failed: list[tuple[int, Said]] = []
        now = now_ms()
        self._odd_ids = 0
        for place, row in enumerate(rows):
            if isinstance(row, BadRow):
                failed.append((place, _of_row(row)))
                continue
            try:
                records.append(self._record(row, now))
            except GrowingParamException as error:
                failed.append((place, error.said))
        return Converted(records, failed, self._odd_ids)

    def _record(self, row: Row, now: int) -> bytes:
        values = self._same.copy()
        for name, column, convert, path in self._fields:
            value = row.get(column)
            if path and value is None:
                value = value_at(row, path)
            if value is not None and value != "":
                values[name] = value if convert is None else _converted(value, name, convert)
        attributes = self._attributes_of(row)
        if attributes and self._options.redact:
            attributes = redacted(attributes, self._options.redact, "attributes")
        record = self._encoded(values, attributes, now)
        if len(record) > self._options.max_event_bytes:
            most = self._options.max_event_bytes
            raise invalid(
                f"the record is {len(record)} bytes long, and max_event_bytes is {most}",
                f"记录有 {len(record)} 字节，而 max_event_bytes 为 {most}",
            )
        if self._plan_check is not None:
            self._plan_check.check(record)
        for name in self._ids:
            if (value := values.get(name)).__class__ is str and value in _ODD_IDS:
                self._odd_ids += 1
        return record

    def _encoded(self, values: Row, attributes: Row | None, now: int) -> bytes:
        if self._plain_events is not None:
            plain = self._plain_events.record(values, attributes, now)
            if plain is not None:
                return plain
        record, left_out = to_record(self._message(values, attributes), now)
        if left_out:
            raise GrowingParamException(unsendable(left_out))
        return record

    def _attributes_of(self, row: Row) -> Row | None:
        attributes = self._same_attributes.copy()
        for name, column, convert, path in self._attributes:
            value = row.get(column)
            if path and value is None:
                value = value_at(row, path)
            if value is not None:
                attributes[name] = value if convert is None else _converted(value, name, convert)
        for column in self._spread:
            attributes |= members_of(row.get(column), column, self._used.get(column))
        if not self._ignores_rest:
            for column in self._taken:
                row.pop(column, None)
            # The declared ones win over a column that happens to have the same name.
            attributes = row | attributes if attributes else row
        return attributes or None


def _of_row(bad: BadRow) -> Said:
    return Said(f"the row {bad.reason.en}", f"该行{bad.reason.zh}")


def _plan(given: Mapping[str, Any]) -> tuple[Row, list[_Cell]]:
    """Return the values that all rows share, and the sources of the others."""
    sources = {name: as_source(source) for name, source in given.items()}
    same: Row = {}
    cells: list[_Cell] = []
    for name, source in sources.items():
        convert = converter(name, source)
        if source.column is None:
            value = source.value
            same[name] = value if convert is None else _converted(value, name, convert)
        else:
            path = tuple(source.column.split(".")) if "." in source.column else ()
            cells.append(_Cell(name, source.column, convert, path))
    return same, cells


def _converted(value: object, name: str, convert: Convert) -> object:
    try:
        return convert(value)
    except GrowingParamException:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        # Without the error's message, which may contain data of the row.
        got = type(value).__name__
        raise invalid(
            f"{name} is not what the mapping declares ({got} cannot be converted)",
            f"{name} 与映射中声明的类型不符（无法转换 {got}）",
        ) from error


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
