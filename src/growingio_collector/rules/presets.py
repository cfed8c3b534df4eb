"""Rules of events that set attributes, and of the presets among the attributes of users.

An event of such a type has no effect without attributes. Presets are attributes that the platform
defines (``$basic_…``, ``$wechat_…``) in documented formats; it ignores values in any other format.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from growingio_collector.rules.issue import WARN, Issue, rule
from growingio_wire.clock import MICROSECONDS_FROM, MILLISECONDS_FROM
from growingio_wire.json_text import as_text
from growingio_wire.near import CLOSE, nearest
from growingio_wire.said import Said
from growingio_wire.table import LIST_SEPARATOR

MARK: Final = "$"
"""The first character of every preset's name."""

PRESET_FORMAT: Final = rule(
    "preset_format",
    WARN,
    Said(
        "{path} is {shown}; the preset user attribute is documented as {detail}.",
        "{path} 的值是 {shown}；该预置用户属性的格式应为{detail}。",
    ),
    Said(
        "Send the value in that form, or use a custom attribute.",
        "请按该格式发送，或使用自定义属性。",
    ),
    {
        "text": Said("a string", "字符串"),
        "date": Said("a date such as 1990-12-31", "日期，例如 1990-12-31"),
        "milliseconds": Said("a time in Unix milliseconds", "毫秒时间戳"),
        "gender": Said("UNKNOWN, MALE or FEMALE", "UNKNOWN、MALE 或 FEMALE"),
        "boolean": Said("true or false", "true 或 false"),
        "list": Said("parts joined by commas, as in a,b", "以英文逗号分隔的列表，例如 a,b"),
    },
    headline=Said(
        "A preset user attribute that is not in the documented format",
        "预置用户属性的格式与文档不符",
    ),
)
PRESET_MISSPELLED: Final = rule(
    "preset_misspelled",
    WARN,
    Said(
        "{path} is not a preset user attribute. Did you mean {nearest}?",
        "{path} 不是预置用户属性。您要发送的是 {nearest} 吗？",
    ),
    Said("Correct the name of the attribute.", "请改正属性名。"),
    headline=Said("A misspelled preset user attribute", "预置用户属性的名称拼写有误"),
)
PRESET_OF_PLATFORM: Final = rule(
    "preset_of_platform",
    WARN,
    Said("{path} is set by the platform itself.", "{path} 由平台自动采集。"),
    Said("Do not send it.", "请不要发送该属性。"),
    headline=Said("An attribute that the platform sets itself", "由平台自动采集的属性"),
)

NO_ATTRIBUTES: Final = rule(
    "no_attributes",
    WARN,
    Said(
        "{type} sets attributes, but the event has none.",
        "{type} 事件用于设置属性，但没有携带任何属性。",
    ),
    Said(
        "Set attributes, or do not send the event.",
        "请填写 attributes，否则不必发送该事件。",
    ),
    headline=Said("An event that sets no attribute", "没有设置任何属性的事件"),
)

ATTRIBUTE_TYPES: Final = frozenset(
    {"VISITOR_ATTRIBUTES", "LOGIN_USER_ATTRIBUTES", "PAGE_ATTRIBUTES", "CONVERSION_VARIABLES"}
)
"""Event types without effect if there are no attributes."""

_FIRST_DAY: Final = "$first_day"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_OTHER_SEPARATORS: Final = re.compile(r"[，、;；\[\]]|" + re.escape(LIST_SEPARATOR))
_DIGITS: Final = re.compile(r"\d{1,15}")
_SHOWN: Final = 40
_MOST: Final = 20
"""Maximum number of issues for one message; more would not help."""


class _Format(NamedTuple):
    """One documented format: the word for its sentence, and the test of a value as text."""

    detail: str
    fits: Callable[[str], bool]


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_milliseconds(text: str) -> bool:
    if not _DIGITS.fullmatch(text):
        return False
    return MILLISECONDS_FROM <= int(text) < MICROSECONDS_FROM


def _is_list(text: str) -> bool:
    return _OTHER_SEPARATORS.search(text) is None


_TEXT: Final = _Format("text", bool)
_BOOLEAN: Final = _Format("boolean", {"true", "false"}.__contains__)
_LIST: Final = _Format("list", _is_list)
_BY_GROUP: Final = {
    "$device_": ("idfv", "idfa", "androidId", "imei"),
    "$basic_": ("name", "mobile", "email"),
    "$wechat_": (
        *("openId", "unionId", "nickName", "avatarUrl", "gender", "country", "province", "city"),
        "language",
    ),
    "$alipay_": (
        *("userId", "avatar", "province", "city", "nickName", "userType", "userStatus", "gender"),
    ),
}
_FORMATS: Final[Mapping[str, _Format]] = {
    **{group + name: _TEXT for group, names in _BY_GROUP.items() for name in names},
    "$basic_birthday": _Format("date", _is_date),
    "$basic_createdAt": _Format("milliseconds", _is_milliseconds),
    "$basic_gender": _Format("gender", {"UNKNOWN", "MALE", "FEMALE"}.__contains__),
    "$basic_address": _LIST,
    "$basic_addresses": _LIST,
    "$wechat_subscribeList": _LIST,
    "$alipay_isStudentCertified": _BOOLEAN,
    "$alipay_isCertified": _BOOLEAN,
}


def preset_issues(attributes: Mapping[str, object]) -> Iterator[Issue]:
    """Yield the issues of preset attributes among a user's attributes."""
    presets = [key for key in attributes if key.startswith(MARK)]
    for key in presets[:_MOST]:
        issue = _issue(key, attributes[key])
        if issue:
            yield issue


def _issue(key: str, value: object) -> Issue | None:
    path = f"attributes.{key[:100]}"
    if key == _FIRST_DAY:
        return PRESET_OF_PLATFORM.issue(path)
    form = _FORMATS.get(key)
    if form is None:
        near = nearest(key, _FORMATS, CLOSE)
        return PRESET_MISSPELLED.issue(path, nearest=near) if near else None
    # Clients differ in how they write numbers and booleans; only strings must be strings.
    right_type = isinstance(value, str) or (form is not _TEXT and isinstance(value, int))
    text = as_text(value)
    if right_type and form.fits(text):
        return None
    return PRESET_FORMAT.issue(path, detail=form.detail, shown=text[:_SHOWN])
