"""Guessed mappings, from the names of columns and some of their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from growingio_tracker.bulk.mapping import ERROR_COLUMN, FIELDS, Row, RowKind, RowMapping, Source
from growingio_tracker.bulk.typed import date_shape
from growingio_tracker.model.events import PRESET_PROPERTIES

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
