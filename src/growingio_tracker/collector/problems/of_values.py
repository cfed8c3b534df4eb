"""What is wrong with the values of attributes and identities."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import WARN, Text

OF_VALUES: Final[Mapping[str, Text]] = {
    "value_not_text": Text(
        WARN,
        "{path} is of the JSON type {type}, not a text.",
        "{path} 的 JSON 类型是 {type}，不是文本。",
        "Send a text or a number; join lists with ||, and leave out what has no value.",
        "请发送文本或数字；列表用 || 连接，没有值的属性不要发送。",
    ),
    "big_integer": Text(
        WARN,
        "{path} is {shown}, more than 2^53: many programs round such an integer.",
        "{path} 的值 {shown} 超过 2^53，许多程序会对这样的整数取近似值。",
        "Send long numbers such as order ids as text.",
        "订单号这类很长的数字请以文本发送。",
    ),
    "printed_value": Text(
        WARN,
        "{path} is the text {shown}, which looks like a value that was only printed.",
        "{path} 是文本 {shown}，看起来是程序值的打印结果。",
        "Leave out what has no value; write true and false in lower case.",
        "没有值的属性不要发送；布尔值写成小写的 true 和 false。",
    ),
    "printed_list": Text(
        WARN,
        "{path} is {shown}, which looks like a printed list.",
        "{path} 的值 {shown} 看起来是列表的打印结果。",
        "Join the parts of a list with ||; most SDKs do so when they are given the list itself.",
        "列表的各个元素请用 || 连接；直接把列表传给 SDK 时，多数 SDK 会自动这样做。",
    ),
    "printed_object": Text(
        WARN,
        "{path} is {shown}, which looks like a printed object.",
        "{path} 的值 {shown} 看起来是对象的打印结果。",
        "Send each member as an attribute of its own, or the object as JSON text.",
        "请把每个成员作为单独的属性发送，或把对象转成 JSON 文本再发送。",
    ),
    "key_too_long": Text(
        WARN,
        "The key {path} has {size:,} characters; the Web SDK allows {most}.",
        "属性名 {path} 有 {size:,} 个字符；Web SDK 最多允许 {most} 个。",
        "Use a short name, and put what varies into the value.",
        "请使用简短的属性名，把变化的内容放进属性值。",
    ),
    "value_too_long": Text(
        WARN,
        "{path} has {size:,} characters; the Web SDK allows {most}.",
        "{path} 有 {size:,} 个字符；Web SDK 最多允许 {most} 个。",
        "Shorten the text before it is tracked.",
        "请在埋点之前缩短该文本。",
    ),
    "list_too_long": Text(
        WARN,
        "{path} is a list of {size:,} parts; the Web SDK allows {most}.",
        "{path} 是含有 {size:,} 个元素的列表；Web SDK 最多允许 {most} 个。",
        "Send fewer parts, or one event for each.",
        "请减少元素个数，或为每个元素单独发送一个事件。",
    ),
    "type_differs": Text(
        WARN,
        "{path} is of the JSON type {type} here (from {client}), and was {other_type} before "
        "(from {other_client}).",
        "{path} 在这里的 JSON 类型是 {type}（来自 {client}），之前是 {other_type}"
        "（来自 {other_client}）。",
        "Send one property with one type from every client.",
        "同一个属性在所有客户端都应使用同一种类型。",
    ),
}
