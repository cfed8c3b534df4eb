"""CSV plans, as spreadsheets save them: one row per attribute.

The event's cell may stay empty below its first row, as merged cells leave it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from growingio_wire.near import CLOSE, nearest
from growingio_wire.plan.source import Defect, Node, PlanTree

ENUM_SEPARATOR: Final = "|"

_KIND: Final = "kind"
_NAME: Final = "event"
_ATTRIBUTE: Final = "attribute"
_KEYS: Final = "keys"
_USERS: Final = "users"

_DISPLAY: Final = ("事件", "事件名", "事件名称", "名称")
_KEY_OF_EVENT: Final = ("标识符", "事件标识符", "埋点事件标识符")
_DISPLAY_OF_ATTRIBUTE: Final = ("属性", "属性名", "属性名称")
_KEY_OF_ATTRIBUTE: Final = ("属性标识符", "事件属性标识符")
"""The platform has an identifier and a name for people. Beside the first, the second describes."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    _KIND: ("种类",),
    _NAME: ("name", *_DISPLAY, *_KEY_OF_EVENT),
    "description": ("描述", "事件描述", "事件说明", "说明"),
    "deprecated": ("废弃", "已废弃"),
    "additional": ("其他属性", "额外属性"),
    "aliases": ("别名",),
    _KEYS: ("用户标识类型",),
    _ATTRIBUTE: ("property", *_DISPLAY_OF_ATTRIBUTE, *_KEY_OF_ATTRIBUTE),
    "type": ("类型", "属性类型"),
    "required": ("必填", "是否必填"),
    "enum": ("可选值", "取值", "枚举", "枚举值"),
    "pattern": ("正则", "格式"),
    "min": ("最小值",),
    "max": ("最大值",),
    "attribute description": ("属性描述", "属性说明"),
    "attribute deprecated": ("属性废弃",),
}
"""Every column by its name, with its aliases."""

_HEADERS: Final = {
    header: column for column, others in COLUMNS.items() for header in (column, *others)
}
_OF_EVENT: Final = ("description", "deprecated", "additional", "aliases", _KEYS)
_OF_ATTRIBUTE: Final = {
    "type": "type",
    "required": "required",
    "enum": "enum",
    "pattern": "pattern",
    "min": "min",
    "max": "max",
    "attribute description": "description",
    "attribute deprecated": "deprecated",
}
_LISTS: Final = ("enum", "aliases", _KEYS)
_KINDS: Final = {
    "": "events",
    "event": "events",
    "事件": "events",
    "item": "items",
    "物品": "items",
    "维度表": "items",
    "user": _USERS,
    "用户": _USERS,
}


def parse_csv(text: str) -> PlanTree:
    """Return the tree of ``text``. An unusable row is a defect and does not hide others."""
    reading = _CsvReading()
    try:
        for line, cells in _rows(text):
            reading.row(line, cells)
    except csv.Error as error:
        reading.defects.append(Defect("not_csv", 0, "", {"detail": str(error)}))
    return PlanTree(reading.root, reading.defects, reading.notes)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    # Spreadsheets write commas, semicolons or tabs, depending on the locale.
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


class _CsvReading:
    """The rows so far: the columns, and the owner of the next attribute."""

    def __init__(self) -> None:
        self.defects: list[Defect] = []
        self.notes: list[Defect] = []
        self._columns: list[str] | None = None
        self._all: dict[tuple[str, str], _Named] = {}
        self._named: _Named | None = None
        self._kinds: dict[str, dict[str, Node]] = {}

    @property
    def root(self) -> Node:
        """Everything read."""
        kinds = {kind: Node({**named}, 1) for kind, named in self._kinds.items()}
        if _USERS in self._kinds:
            [kinds[_USERS]] = self._kinds[_USERS].values()
        return Node(kinds, 1)

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
        words = [cell.casefold().replace("_", " ") for cell in cells]
        columns = [_column(word, words) for word in words]
        for cell, column in zip(cells, columns, strict=True):
            if cell and not column:
                self._unknown(line, cell)
            elif column and columns.count(column) > 1:
                self.defects.append(Defect("twice", line, "", {"name": cell}))
        if _NAME not in columns:
            self.defects.append(Defect("no_column", line, "", {"name": _NAME}))
        return columns

    def _unknown(self, line: int, cell: str) -> None:
        """Note a column of another tool; a merely misspelled one is a defect."""
        near = nearest(cell, _HEADERS, CLOSE)
        if near:
            said = {"name": cell[:40], "nearest": near, "known": list(COLUMNS)}
            self.defects.append(Defect("unknown_field_near", line, "", said))
        else:
            said = {"name": cell[:40], "known": list(COLUMNS)}
            self.notes.append(Defect("column_ignored", line, "", said))

    def _take(self, line: int, row: dict[str, str]) -> None:
        if _NAME in row or _kind_of(row) == _USERS:
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
        """Return the event of the row, which earlier rows may have named already."""
        kind = self._kind(line, row)
        name = "" if kind == _USERS else row[_NAME]  # there is one set of users' attributes
        if (kind, name) not in self._all:
            attributes: dict[str, Node] = {}
            fields = {"attributes": Node(attributes, line)}
            self._kinds.setdefault(kind, {})[name] = Node(fields, line)
            self._all[kind, name] = _Named(f"{kind}.{name}".rstrip("."), fields, attributes)
        return self._all[kind, name]

    def _kind(self, line: int, row: dict[str, str]) -> str:
        kind = _kind_of(row)
        if kind is None:
            said = {"shown": row[_KIND][:40], "known": ["event", "item", "user"]}
            self.defects.append(Defect("not_one_of", line, _KIND, said))
        return kind or "events"

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


def _column(word: str, words: list[str]) -> str:
    """Return the column of a header; empty when there is none."""
    if word in _DISPLAY and not {*_KEY_OF_EVENT}.isdisjoint(words):
        return "description"
    if word in _DISPLAY_OF_ATTRIBUTE and not {*_KEY_OF_ATTRIBUTE}.isdisjoint(words):
        return "attribute description"
    return _HEADERS.get(word, "")


def _kind_of(row: Mapping[str, str]) -> str | None:
    return _KINDS.get(row.get(_KIND, "").casefold())


def _cell(field: str, text: str, line: int) -> Node:
    if field in _LISTS:
        values = [part.strip() for part in text.split(ENUM_SEPARATOR) if part.strip()]
        return Node([Node(value, line) for value in values], line)
    return Node(text, line)
