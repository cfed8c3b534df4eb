"""Rules of identities: missing, empty or unusable ids of users and devices."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from growingio_collector.rules.heads import EventHead, ItemHead
from growingio_collector.rules.issue import BAD, WARN, Issue, rule
from growingio_wire.said import Said
from growingio_wire.table import NOT_USER

NOBODY: Final = rule(
    "nobody",
    BAD,
    Said(
        "The event has neither userId nor deviceId; only userKey {not_user} may lack both.",
        "事件既没有 userId 也没有 deviceId；只有 userKey 为 {not_user} 时才可以都没有。",
    ),
    Said(
        "Pass login_user_id or anonymous_id when you track the event.",
        "埋点时请传入 login_user_id 或 anonymous_id。",
    ),
    headline=Said("The event has neither userId nor deviceId", "事件既没有 userId 也没有 deviceId"),
)
USER_ID_NOT_TEXT: Final = rule(
    "user_id_not_text",
    WARN,
    Said("userId is a number.", "userId 是数字。"),
    Said(
        "Send it as a string, so that 007 and 7 remain different users.",
        "请以字符串发送，这样 007 和 7 才是两个用户。",
    ),
)
ID_NOT_TEXT: Final = rule(
    "id_not_text",
    WARN,
    Said("{path} is a number.", "{path} 是数字。"),
    Said(
        "Send it as a string, so that 007 and 7 remain different ids.",
        "请以字符串发送，这样 007 和 7 才是两个 ID。",
    ),
    headline=Said("An id that is a number", "ID 是数字"),
)
MISSING_ITEM_ID: Final = rule(
    "missing_item_id",
    BAD,
    Said("The item has no id.", "维度表记录缺少 id。"),
    Said("Pass item_id when you submit the item.", "提交维度表记录时请传入 item_id。"),
)
MISSING_ITEM_KEY: Final = rule(
    "missing_item_key",
    BAD,
    Said("The item has no key.", "维度表记录缺少 key。"),
    Said("Pass item_key when you submit the item.", "提交维度表记录时请传入 item_key。"),
)
UNREAL_ID: Final = rule(
    "unreal_id",
    BAD,
    Said(
        "{path} is {shown}, not a real id: everything without an id would share this one.",
        "{path} 的值是 {shown}，不是真实的 ID：所有缺少 ID 的数据会被当成同一个。",
    ),
    Said(
        "Send the real id, and omit the field until it is known.",
        "请发送真实的 ID；未知时不要发送该字段。",
    ),
    headline=Said("An id that is blank or a placeholder", "不是真实的 ID"),
)

KEY_WITHOUT_USER: Final = rule(
    "key_without_user",
    BAD,
    Said("userKey is {shown}, but there is no userId.", "userKey 为 {shown}，但没有 userId。"),
    Said(
        "Pass a login_user_id with every login_user_key.",
        "传入 login_user_key 时必须同时传入 login_user_id。",
    ),
    headline=Said("A userKey without a userId", "有 userKey 但没有 userId"),
)
ATTRIBUTES_OF_NOBODY: Final = rule(
    "attributes_of_nobody",
    BAD,
    Said(
        "The attributes of a logged-in user come without a userId.",
        "登录用户属性事件没有 userId。",
    ),
    Said("Pass login_user_id when you set attributes.", "设置用户属性时请传入 login_user_id。"),
)
UNREAL_NAME: Final = rule(
    "unreal_name",
    WARN,
    Said(
        "{path} is {shown}, which programs print for a missing name.",
        "{path} 的值是 {shown}，这是程序在没有名称时的打印结果。",
    ),
    Said("Name the event, the item's table or the attribute.", "请填写真实的名称。"),
    headline=Said("A name that is blank or a placeholder", "不是真实的名称"),
)

_WORDS: Final = ("undefined", "null", "none", "nil", "nan", "true", "false")
UNREAL_IDS: Final = frozenset(
    {
        *chain.from_iterable((word, word.upper(), word.capitalize()) for word in _WORDS),
        *("NaN", "<nil>", "[object Object]", "<null>", "(null)"),
        "00000000-0000-0000-0000-000000000000",
    }
)
"""Texts that programs print for a missing id."""

_INVISIBLE: Final = re.compile(
    r"[\s\x00-\x1f\x7f\xad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)
"""White space, control characters, and characters without width."""

_RARE_NAMES: Final = frozenset({"nan", "nil", "true", "false"})
"""Words for a missing id that are possible names."""

USER_ATTRIBUTES: Final = "LOGIN_USER_ATTRIBUTES"
"""The type of the events that set attributes of users."""

_SHOWN: Final = 40


def is_unreal(text: str) -> bool:
    """Tell whether an id is blank, or what a program prints for a missing one."""
    return text.strip() in UNREAL_IDS or (bool(text) and _INVISIBLE.fullmatch(text) is not None)


def is_no_name(text: str) -> bool:
    """Tell whether a name is blank, or what a program prints for a missing one."""
    return is_unreal(text) and text.strip().lower() not in _RARE_NAMES


def event_identity_issues(head: EventHead) -> Iterator[Issue]:
    """Yield what is wrong with the ids of an event."""
    if not head.user_id and not head.device_id and head.user_key != NOT_USER:
        yield NOBODY.issue(not_user=NOT_USER)
    elif head.event_type == USER_ATTRIBUTES and not head.user_id:
        yield ATTRIBUTES_OF_NOBODY.issue("userId")
    elif head.user_key and not head.user_id and head.user_key != NOT_USER:
        yield KEY_WITHOUT_USER.issue("userId", shown=shown_text(head.user_key))
    if isinstance(head.user_id, int):
        yield USER_ID_NOT_TEXT.issue("userId")
    item = head.resource_item
    ids = {
        "dataSourceId": head.data_source_id,
        "resourceItem.id": item.id if item else None,
        "resourceItem.key": item.key if item else None,
    }
    yield from _numbers(ids)
    users = {"userId": head.user_id, "userKey": head.user_key, "deviceId": head.device_id}
    yield from unreal_ids({**users, **ids})


def item_identity_issues(head: ItemHead) -> Iterator[Issue]:
    """Yield what is wrong with the ids of an item."""
    if head.id in (None, ""):
        yield MISSING_ITEM_ID.issue("id")
    if not head.key:
        yield MISSING_ITEM_KEY.issue("key")
    ids = {"id": head.id, "key": head.key}
    yield from _numbers(ids)
    yield from unreal_ids(ids)


def _numbers(ids: Mapping[str, object]) -> Iterator[Issue]:
    for path, value in ids.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield ID_NOT_TEXT.issue(path)


def unreal_ids(ids: Mapping[str, object]) -> Iterator[Issue]:
    """Yield an issue for each of ``ids`` (by path) that is not an id."""
    for path, value in ids.items():
        if isinstance(value, str) and is_unreal(value):
            yield UNREAL_ID.issue(path, shown=shown_text(value))


def shown_text(text: str) -> str:
    """Return the beginning of ``text`` in quotes, which make white space visible."""
    return json.dumps(text[:_SHOWN], ensure_ascii=False)
