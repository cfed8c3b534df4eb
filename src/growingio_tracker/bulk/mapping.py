"""Mappings of columns to fields of messages: given by the caller, or guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from growingio_tracker.bulk.typed import Row, Source, date_shape
from growingio_tracker.model.events import PRESET_PROPERTIES
from growingio_wire.checks import check_fields
from growingio_wire.errors import invalid
from growingio_wire.near import hint, hint_zh

RowKind: TypeAlias = Literal["event", "user", "item"]
"""Kind of message that a row becomes: an event, user attributes, or an item."""

ERROR_COLUMN: Final = "growingio_import_error"
"""Column with the reason in a file of failed rows; imports ignore it."""

TIME_TYPES: Final = ("ms", "seconds", "datetime")
_SUBJECT: Final = ("anonymous_id", "login_user_id", "login_user_key", "event_time")
FIELDS: Final[Mapping[RowKind, tuple[str, ...]]] = {
    "event": ("event_name", *_SUBJECT, *PRESET_PROPERTIES),
    "user": _SUBJECT,
    "item": ("item_key", "item_id"),
}
"""The fields of each kind; everything else is an attribute."""

REQUIRED: Final[Mapping[RowKind, tuple[tuple[str, ...], ...]]] = {
    "event": (("event_name",), ("anonymous_id", "login_user_id", "login_user_key")),
    "user": (("anonymous_id", "login_user_id", "login_user_key"),),
    "item": (("item_key",), ("item_id",)),
}
"""Required fields by kind of row: groups of which one field must be mapped."""


class RowMapping(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Maps columns to the fields of a message.

    :param fields: field → column, or :class:`Source`. The fields of an event are ``event_name``,
        ``anonymous_id``, ``login_user_id``, ``login_user_key``, ``event_time`` and the preset
        properties; of a user the same without ``event_name`` and presets; of an item ``item_key``
        and ``item_id``.
    :param attributes: attribute → column, or :class:`Source`.
    :param spread: columns with objects whose members become attributes.
    :param ignore: columns that are not sent.
    :param rest: what to do with the other columns: ``"attributes"`` sends each as the attribute
        with the same name, ``"ignore"`` does not send them.
    """

    fields: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    attributes: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    spread: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rest: Literal["attributes", "ignore"] = "attributes"

    def __post_init__(self) -> None:
        check_fields(self)

    @staticmethod
    def by_name(kind: RowKind) -> RowMapping:
        """Return the mapping for rows whose columns are named like the fields."""
        return RowMapping(fields={name: name for name in FIELDS[kind]})

    def with_same(self, same: Mapping[str, str]) -> RowMapping:
        """Return this mapping with fields that have the same value in every row."""
        fixed = {name: Source(value=value) for name, value in same.items()}
        return replace(self, fields={**self.fields, **fixed})

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Yield every field and attribute, as ``fields.…`` and ``attributes.…``."""
        for room, given in (("fields", self.fields), ("attributes", self.attributes)):
            for name, source in given.items():
                yield f"{room}.{name}", as_source(source)

    def check(self, kind: RowKind) -> None:
        """Check that this mapping fits ``kind``.

        :raises GrowingParamException: if not; the message says why and what to do.
        """
        for name in self.fields:
            _check_field(name, kind)
        for place, source in self.sources():
            _check_source(place, source)
        for choices in REQUIRED[kind]:
            if not any(name in self.fields for name in choices):
                raise invalid(
                    f"mapping: no column is {' or '.join(choices)}; name one under fields, or give "
                    f"every row the same value with fields: {choices[0]}: {{value: …}}",
                    f"mapping：没有对应 {' 或 '.join(choices)} 的列；请在 fields 下指定列，或用 "
                    f"fields: {choices[0]}: {{value: …}} 让各行取同一个值",
                )

    def check_columns(self, columns: tuple[str, ...], where: str) -> None:
        """Check that the mapped columns exist.

        :raises GrowingParamException: if one does not; the message names it and the closest one.
        """
        named = [(place, source.column) for place, source in self.sources()]
        named += [("spread", column) for column in self.spread]
        for place, column in named:
            if column is not None and not {column, column.partition(".")[0]} & {*columns}:
                raise invalid(
                    f"mapping: {place} is the column {column!r}, which {where} does not have"
                    f"{hint(column, columns, repr)}",
                    f"mapping：{place} 指定的列 {column!r} 不在 {where} 中"
                    f"{hint_zh(column, columns, repr)}",
                )


def as_source(source: str | Source) -> Source:
    """Return a column's name as a source."""
    return Source(source) if isinstance(source, str) else source


def _check_field(name: str, kind: RowKind) -> None:
    if name not in FIELDS[kind]:
        raise invalid(
            f"mapping: {name} is not a field of kind {kind}, and belongs under attributes"
            f"{hint(name, FIELDS[kind], repr)}",
            f"mapping：{name} 不是 {kind} 的字段，应写在 attributes 下"
            f"{hint_zh(name, FIELDS[kind], repr)}",
        )


def _check_source(place: str, source: Source) -> None:
    if (source.column is None) == (source.value is None):
        raise invalid(
            f"mapping: {place} needs either a column or a value",
            f"mapping：{place} 需要 column 或 value 之一",
        )
    if source.type in TIME_TYPES and place != "fields.event_time":
        raise invalid(
            f"mapping: {place} cannot have the type {source.type}, which only event_time has",
            f"mapping：{place} 不能使用类型 {source.type}，只有 event_time 可以",
        )


_WORDS: Final[Mapping[str, str]] = {
    "event_name": "eventname event 事件 事件名 事件名称 事件标识 事件标识符",
    "login_user_id": "loginuserid userid uid memberid customerid 用户id 会员id 登录用户id 用户编号"
    " 会员编号",
    "anonymous_id": "anonymousid deviceid visitorid 访问用户id 匿名id 设备id",
    "login_user_key": "loginuserkey userkey 登录用户key 用户key",
    "event_time": "eventtime timestamp time ts eventts occurredat createdat 时间 事件时间 发生时间"
    " 时间戳",
    "item_key": "itemkey itemmodelkey table 维度表 维度表标识 物品key",
    "item_id": "itemid id key sku 物品id 商品id 商品编号 编号",
    **{name: name.replace("_", "") for name in PRESET_PROPERTIES},
}
"""Column names in lower case without spaces and punctuation, the likeliest first."""

_SPREAD: Final = ("attributes", "properties", "attrs", "事件属性", "用户属性", "属性")
_TECHNICAL: Final = (
    "eventType",
    "sendTime",
    "projectKey",
    "dataSourceId",
    "sdkVersion",
    "platform",
)
_SECONDS: Final = re.compile(r"[0-9]{9,10}(\.[0-9]+)?")


def guess(kind: RowKind, columns: Iterable[str], samples: Iterable[Row]) -> RowMapping:
    """Return a likely mapping, which may lack required fields.

    :param columns: the names of all known columns.
    :param samples: some rows.
    """
    names = [name for name in columns if name and name != ERROR_COLUMN]
    rows = list(samples)
    fields: dict[str, str | Source] = {}
    for name in FIELDS[kind]:
        if (column := _column(name, names)) is not None:
            fields[name] = _time(column, rows) if name == "event_time" else column
    spread = [name for name in names if name.lower() in _SPREAD and _holds_objects(name, rows)]
    is_record = "projectKey" in names and "dataSourceId" in names
    ignored = [name for name in _TECHNICAL if is_record and name in names]
    return RowMapping(fields=fields, spread=tuple(spread), ignore=tuple(ignored))


def _column(field: str, columns: list[str]) -> str | None:
    by_name = {_plain(column): column for column in reversed(columns)}
    return next((by_name[name] for name in _WORDS[field].split() if name in by_name), None)


def _plain(column: str) -> str:
    return re.sub(r"[\W_]", "", column).lower()


def _holds_objects(column: str, rows: list[Row]) -> bool:
    values = [value for row in rows if (value := row.get(column)) is not None]
    return bool(values) and all(isinstance(value, dict) for value in values)


def _time(column: str, rows: list[Row]) -> str | Source:
    values = [value for row in rows if (value := row.get(column)) is not None]
    if values and all(map(_is_seconds, values)):
        return Source(column, type="seconds")
    shapes = {date_shape(value) for value in values}
    shape = shapes.pop() if len(shapes) == 1 else None
    return column if shape is None else Source(column, type="datetime", format=shape)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, str | int | float) and bool(_SECONDS.fullmatch(str(value)))
