"""Reading a plan from a spreadsheet saved as CSV: one row an attribute.

The event's cell may stay empty below its first row, as merged cells leave it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from growingio_tracker.collector.plan.defects import Defect
from growingio_tracker.collector.plan.tree import Node, Parsed

ENUM_SEPARATOR: Final = "|"

_KIND: Final = "kind"
_NAME: Final = "event"
_ATTRIBUTE: Final = "attribute"

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    _KIND: ("种类",),
    _NAME: ("name", "事件", "事件名", "事件名称", "名称"),
    "description": ("描述", "事件描述", "事件说明", "说明"),
    "deprecated": ("废弃", "已废弃"),
    "additional": ("其他属性", "额外属性"),
    "aliases": ("别名",),
    _ATTRIBUTE: ("property", "属性", "属性名", "属性名称"),
    "type": ("类型", "属性类型"),
    "required": ("必填", "是否必填"),
    "enum": ("可选值", "取值", "枚举", "枚举值"),
    "pattern": ("正则", "格式"),
    "attribute description": ("属性描述", "属性说明"),
    "attribute deprecated": ("属性废弃",),
}
"""Every column by its name, with its other names."""

_HEADERS: Final = {
    header: column for column, others in COLUMNS.items() for header in (column, *others)
}
_OF_EVENT: Final = ("description", "deprecated", "additional", "aliases")
_OF_ATTRIBUTE: Final = {
    "type": "type",
    "required": "required",
    "enum": "enum",
    "pattern": "pattern",
    "attribute description": "description",
    "attribute deprecated": "deprecated",
}
_LISTS: Final = ("enum", "aliases")
_KINDS: Final = {
    "": "events",
    "event": "events",
    "事件": "events",
    "item": "items",
    "物品": "items",
}


def parse_csv(text: str) -> Parsed:
    """Return the tree of ``text``. A row that cannot be used is a defect and hides no other."""
    reading = _Reading()
    try:
        for line, cells in _rows(text):
            reading.row(line, cells)
    except csv.Error as error:
        reading.defects.append(Defect("not_csv", 0, "", {"detail": str(error)}))
    return Parsed(reading.root, reading.defects)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    # Spreadsheets write commas, semicolons or tabs, as the country of the computer has it.
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1):
        if any(cell.strip() for cell in cells):
            yield number, [cell.strip() for cell in cells]


class _Named(NamedTuple):
    """One event or item: its fields and, among them, its attributes."""

    place: str
    fields: dict[str, Node]
    attributes: dict[str, Node]


class _Reading:
    """The rows so far: the columns, and what the next attribute belongs to."""

    def __init__(self) -> None:
        self.defects: list[Defect] = []
        self._columns: list[str] | None = None
        self._all: dict[tuple[str, str], _Named] = {}
        self._named: _Named | None = None
        self._kinds: dict[str, dict[str, Node]] = {}

    @property
    def root(self) -> Node:
        """Everything read."""
        return Node({kind: Node({**named}, 1) for kind, named in self._kinds.items()}, 1)

    def row(self, line: int, cells: list[str]) -> None:
        """Take the next row; the first is the header."""
        if self._columns is None:
            self._columns = self._header(line, cells)
        elif any(cells[len(self._columns) :]):
            self.defects.append(Defect("too_many_cells", line))
        else:
            # A short row only lacks its last cells.
            pairs = zip(self._columns, cells, strict=False)
            self._take(line, {name: cell for name, cell in pairs if cell})

    def _header(self, line: int, cells: list[str]) -> list[str]:
        columns = [_HEADERS.get(cell.casefold().replace("_", " "), "") for cell in cells]
        for cell, column in zip(cells, columns, strict=True):
            if cell and not column:
                said: dict[str, str | int] = {"name": cell[:40], "known": ", ".join(COLUMNS)}
                self.defects.append(Defect("unknown_field", line, "", said))
            elif column and columns.count(column) > 1:
                self.defects.append(Defect("twice", line, "", {"name": cell}))
        if _NAME not in columns:
            self.defects.append(Defect("no_column", line, "", {"name": _NAME}))
        return columns

    def _take(self, line: int, row: dict[str, str]) -> None:
        if _NAME in row:
            self._named = self._begin(line, row)
        if self._named is None:
            self.defects.append(Defect("no_event", line))
            return
        for column in _OF_EVENT:
            if column in row:
                self._named.fields.setdefault(column, _cell(column, row[column], line))
        if _ATTRIBUTE in row:
            self._attribute(self._named, line, row)

    def _begin(self, line: int, row: dict[str, str]) -> _Named:
        """Return the event of the row; it may have been named before, with other attributes."""
        kind, name = self._kind(line, row), row[_NAME]
        if (kind, name) not in self._all:
            attributes: dict[str, Node] = {}
            fields = {"attributes": Node(attributes, line)}
            self._kinds.setdefault(kind, {})[name] = Node(fields, line)
            self._all[kind, name] = _Named(f"{kind}.{name}", fields, attributes)
        return self._all[kind, name]

    def _kind(self, line: int, row: dict[str, str]) -> str:
        written = row.get(_KIND, "")
        if written.casefold() not in _KINDS:
            said: dict[str, str | int] = {"shown": written[:40], "known": "event, item"}
            self.defects.append(Defect("not_one_of", line, _KIND, said))
        return _KINDS.get(written.casefold(), "events")

    def _attribute(self, named: _Named, line: int, row: dict[str, str]) -> None:
        name = row[_ATTRIBUTE]
        if name in named.attributes:
            self.defects.append(Defect("twice", line, named.place, {"name": name}))
            return
        cells = {
            field: _cell(field, row[column], line)
            for column, field in _OF_ATTRIBUTE.items()
            if column in row
        }
        named.attributes[name] = Node(cells, line)


def _cell(field: str, text: str, line: int) -> Node:
    if field in _LISTS:
        values = [part.strip() for part in text.split(ENUM_SEPARATOR) if part.strip()]
        return Node([Node(value, line) for value in values], line)
    return Node(text, line)
