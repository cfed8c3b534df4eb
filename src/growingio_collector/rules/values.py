"""Rules of the values of attributes and of user mappings."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from growingio_collector.rules.checked import JSON_TYPES, MAX_KEY
from growingio_collector.rules.issue import WARN, Issue, Rule, rule
from growingio_wire.json_text import LongNumber, is_json, type_of
from growingio_wire.said import Said
from growingio_wire.table import LIST_SEPARATOR

MAX_VALUE: Final = 1000
"""Maximum length of a value; this limit and the next are those of the Web SDK."""

MAX_PARTS: Final = 100
"""Maximum number of parts of a list."""

MAX_EXACT: Final = 2**53
"""Integers up to here are exact everywhere; JavaScript and SQL doubles round greater ones."""

_SHOWN: Final = 40
"""Characters shown of a value."""

PRINTED_WORDS: Final = frozenset(
    {
        *("True", "False", "None", "nan", "inf", "-inf"),
        *("NaN", "Infinity", "-Infinity", "undefined", "[object Object]"),
        "<nil>",
    }
)
"""Texts that Python, Go and JavaScript print for values other than strings."""

PRINTED_STARTS: Final = (b'"{', b'"[', b'"<', b'"map[')
"""Every other printed value starts with one of these, quote included, in a message's JSON."""

_PRINTED_INSTANCE: Final = re.compile(r" at 0x[0-9a-fA-F]+>$")

VALUE_NOT_TEXT: Final = rule(
    "value_not_text",
    WARN,
    Said("{path} is {type:name}, not a string.", "{path} 是{type:name}，不是字符串。"),
    Said(
        "Send a string or a number; join lists with ||, and omit attributes without a value.",
        "请发送字符串或数值；列表用 || 连接，没有值的属性不要发送。",
    ),
    headline=Said("A value that is neither a string nor a number", "值既不是字符串也不是数值"),
)
BIG_INTEGER: Final = rule(
    "big_integer",
    WARN,
    Said(
        "{path} is {shown}, more than 2^53: many programs round such an integer.",
        "{path} 的值 {shown} 超过 2^53，许多程序会对这样的整数取近似值。",
    ),
    Said(
        "Send long numbers, such as order ids, as strings.", "订单号这类很长的数字请以字符串发送。"
    ),
    headline=Said("An integer that many programs round", "许多程序会取近似值的整数"),
)
NUMBER_OUT_OF_RANGE: Final = rule(
    "number_out_of_range",
    WARN,
    Said(
        "{path} is {shown}, which is too large for most programs.",
        "{path} 的值 {shown} 过大，多数程序无法表示。",
    ),
    Said("Send a smaller number, or a string.", "请发送较小的数值，或改为字符串。"),
    headline=Said("A number that is too large for most programs", "超出多数程序表示范围的数值"),
)
PRINTED_VALUE: Final = rule(
    "printed_value",
    WARN,
    Said(
        "{path} is the string {shown}, which looks like a printed value.",
        "{path} 是字符串 {shown}，看起来是程序值的打印结果。",
    ),
    Said(
        "Omit attributes without a value; write true and false in lower case.",
        "没有值的属性不要发送；布尔值写成小写的 true 和 false。",
    ),
    headline=Said("A printed value, such as None", "程序值的打印结果，例如 None"),
)
PRINTED_LIST: Final = rule(
    "printed_list",
    WARN,
    Said(
        "{path} is {shown}, which looks like a printed list.",
        "{path} 的值 {shown} 看起来是列表的打印结果。",
    ),
    Said(
        "Join the parts of a list with ||; most SDKs do so when they are given the list itself.",
        "列表的各个元素请用 || 连接；直接把列表传给 SDK 时，多数 SDK 会自动这样做。",
    ),
    headline=Said("A printed list", "列表的打印结果"),
)
PRINTED_OBJECT: Final = rule(
    "printed_object",
    WARN,
    Said(
        "{path} is {shown}, which looks like a printed object.",
        "{path} 的值 {shown} 看起来是对象的打印结果。",
    ),
    Said(
        "Send each member as a separate attribute, or the object as JSON text.",
        "请把每个成员作为单独的属性发送，或把对象转成 JSON 字符串再发送。",
    ),
    headline=Said("A printed object", "对象的打印结果"),
)
KEY_TOO_LONG: Final = rule(
    "key_too_long",
    WARN,
    Said(
        "The key {path} has {size:,} characters; the Web SDK allows {most}.",
        "属性名 {path} 有 {size:,} 个字符；Web SDK 最多允许 {most} 个。",
    ),
    Said(
        "Use a short name, and put the varying part into the value.",
        "请使用简短的属性名，把变化的内容放进属性值。",
    ),
    headline=Said("The key of an attribute is too long", "属性名过长"),
)
BLANK_KEY: Final = rule(
    "blank_key",
    WARN,
    Said("An attribute has the name {shown}.", "有一个属性的名称是 {shown}。"),
    Said("Give the attribute a name.", "请填写属性名。"),
    headline=Said("An attribute with a blank name", "属性名为空"),
)
VALUE_TOO_LONG: Final = rule(
    "value_too_long",
    WARN,
    Said(
        "{path} has {size:,} characters; the Web SDK allows {most}.",
        "{path} 有 {size:,} 个字符；Web SDK 最多允许 {most} 个。",
    ),
    Said("Shorten the string before you track it.", "请在埋点之前缩短该字符串。"),
    headline=Said("The value of an attribute is too long", "属性值过长"),
)
LIST_TOO_LONG: Final = rule(
    "list_too_long",
    WARN,
    Said(
        "{path} is a list of {size:,} parts; the Web SDK allows {most}.",
        "{path} 是含有 {size:,} 个元素的列表；Web SDK 最多允许 {most} 个。",
    ),
    Said(
        "Send fewer parts, or one event for each.", "请减少元素个数，或为每个元素单独发送一个事件。"
    ),
    headline=Said("A list with too many parts", "列表元素过多"),
)


def attribute_issues(members: Mapping[str, object]) -> Iterator[Issue]:
    """Yield the issues of attributes. Several clients send numbers and booleans."""
    return _issues("attributes", members, _attribute_issue)


def identity_issues(members: Mapping[str, object]) -> Iterator[Issue]:
    """Yield the issues of a mapping's identities, all of which must be strings."""
    return _issues("identifies", members, _identity_issue)


_Check = Callable[[str, object], Issue | None]


def _issues(place: str, members: Mapping[str, object], check: _Check) -> Iterator[Issue]:
    for key, value in members.items():
        path = f"{place}.{key[:MAX_KEY]}"
        if not key.strip():
            yield BLANK_KEY.issue(path, shown=json.dumps(key))
        elif len(key) > MAX_KEY:
            yield KEY_TOO_LONG.issue(path, size=len(key), most=MAX_KEY)
        issue = check(path, value)
        if issue:
            yield issue


def _attribute_issue(path: str, value: object) -> Issue | None:
    if isinstance(value, str):
        return _string_issue(path, value)
    if isinstance(value, int) and abs(value) > MAX_EXACT:
        return BIG_INTEGER.issue(path, shown=_shown(str(value)))
    return None if isinstance(value, int | float) else _not_text(path, value)


def _string_issue(path: str, value: str) -> Issue | None:
    if not isinstance(value, LongNumber):
        return _text_issue(path, value)
    rule = BIG_INTEGER if type_of(value.encode()) == "integer" else NUMBER_OUT_OF_RANGE
    return rule.issue(path, shown=_shown(str(value)))


def _identity_issue(path: str, value: object) -> Issue | None:
    return _text_issue(path, value) if isinstance(value, str) else _not_text(path, value)


def _not_text(path: str, value: object) -> Issue:
    return VALUE_NOT_TEXT.issue(path, type=JSON_TYPES[type(value)])


def _shown(number: str) -> str:
    return number if len(number) <= _SHOWN else number[:_SHOWN] + "…"


def _text_issue(path: str, text: str) -> Issue | None:
    if len(text) > MAX_VALUE:
        return VALUE_TOO_LONG.issue(path, size=len(text), most=MAX_VALUE)
    parts = text.count(LIST_SEPARATOR) + 1
    if parts > MAX_PARTS:
        return LIST_TOO_LONG.issue(path, size=parts, most=MAX_PARTS)
    rule = _printed(text)
    return rule.issue(path, shown=text[:_SHOWN]) if rule else None


def _printed(text: str) -> Rule | None:
    """Return the rule for a text that looks printed. Checking takes linear time."""
    if text in PRINTED_WORDS:
        return PRINTED_VALUE
    if text.startswith("[") and text.endswith("]"):
        return PRINTED_LIST if _is_printed_list(text) else None
    return PRINTED_OBJECT if _is_printed_object(text) else None


def _is_printed_list(text: str) -> bool:
    # People write "[smile]"; a printed list contains a comma, a quote, or nothing.
    return text == "[]" or text[1] in "'\"" or ", " in text


def _is_printed_object(text: str) -> bool:
    if text.startswith("{"):
        marked = text.endswith("}") and ("=" in text or ":" in text)
        return marked and not is_json(text)  # Go and Java send a map as JSON on purpose
    if text.startswith("map["):
        return text.endswith("]") and ":" in text
    return text.startswith("<") and _PRINTED_INSTANCE.search(text) is not None
