"""What is wrong with a body that cannot be parsed."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import BAD, WARN, Text

OF_BODIES: Final[Mapping[str, Text]] = {
    "empty_body": Text(
        BAD,
        "The request has no body.",
        "请求没有请求体。",
        "Send a JSON array or a protobuf list. PHP sends an empty body when a text is not UTF-8.",
        "请发送 JSON 数组或 protobuf 列表。PHP 在文本不是 UTF-8 时会发送空请求体。",
    ),
    "not_json": Text(
        BAD,
        "The body is not JSON: {detail}.",
        "请求体不是 JSON：{detail}。",
        "Send a JSON array in UTF-8, and name compression and encryption in the headers.",
        "请发送 UTF-8 编码的 JSON 数组，并在请求头中注明压缩和加密方式。",
    ),
    "not_an_array": Text(
        BAD,
        "The body is not an array of messages: {detail}.",
        "请求体不是消息数组：{detail}。",
        "Put the message into a JSON array, also when it is only one.",
        "即使只有一条消息，也要放在 JSON 数组中。",
    ),
    "too_many_events": Text(
        BAD,
        "The body holds {count:,} messages; at most {most:,} a request are taken.",
        "请求体含有 {count:,} 条消息；每个请求最多 {most:,} 条。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "not_protobuf": Text(
        BAD,
        "The body is not the expected protobuf: {detail}.",
        "请求体不是预期的 protobuf：{detail}。",
        "Send an EventV3List, ItemDtoList or UserMappingList as the path demands.",
        "按照路径的要求发送 EventV3List、ItemDtoList 或 UserMappingList。",
    ),
    "too_many_fields": Text(
        BAD,
        "The protobuf body has more than {most:,} fields.",
        "protobuf 请求体的字段超过 {most:,} 个。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "no_messages": Text(
        BAD,
        "The protobuf body holds no message.",
        "protobuf 请求体中没有消息。",
        "Put the messages into the list that the path demands.",
        "把消息放进路径所要求的列表中。",
    ),
    "wrong_list_field": Text(
        BAD,
        "The messages are in field {found} of the protobuf list; a list of {kind}s has them in "
        "field {wanted}.",
        "消息位于 protobuf 列表的字段 {found}；{kind} 列表的消息应在字段 {wanted}。",
        "Use the list message of this path: events and mappings have field 1, items field 2.",
        "使用该路径对应的列表消息：事件和用户关联为字段 1，物品（item）为字段 2。",
    ),
    "name_without_type": Text(
        WARN,
        "The event has a name but no event_type, which in protobuf means {meaning}.",
        "事件有名称但没有 event_type；在 protobuf 中这表示 {meaning}。",
        "Set event_type to CUSTOM for events of your own.",
        "自定义事件请将 event_type 设为 CUSTOM。",
    ),
}
