"""Limits of bodies, and rules of unreadable or malformed ones, found by the readers in ``decode``.

The limits bound the cost of one request. Each is checked before memory is spent.
"""

from typing import Final

from growingio_collector.rules.issue import BAD, WARN, rule
from growingio_wire.errors import DecodeLimits
from growingio_wire.said import Said

MAX_BODY_BYTES: Final = 10_000_000
"""Size of a body as it arrives."""

LIMITS: Final = DecodeLimits(decoded_bytes=16_000_000, steps=500_000, fields=500_000)
"""Limits of decoding. 5,000 events take a quarter of the steps, and all steps under a second."""

MAX_EVENTS: Final = 5000
"""Messages in one request."""

MAX_DEPTH: Final = 64
"""Levels of nesting in one JSON message."""

MAX_VALUES: Final = 100_000
"""Commas in one JSON message, about as many as its values."""

MAX_COMMAS: Final = 200_000
"""Commas in a JSON body; with more, its messages are counted before they are read."""

MAX_REPAIRED_BYTES: Final = 1_000_000
"""Size of an almost-JSON body (``NaN``) that the slow, forgiving parser still reads."""

MAX_SHOWN: Final = 20
"""Characters of a declared encoding that are quoted in a sentence."""

NOT_UTF8: Final = Said("it is not UTF-8 at byte {at}", "第 {at} 字节处不是 UTF-8")
"""A part of several sentences."""

_JSON: Final = {
    "truncated": Said("it is truncated", "内容不完整"),
    "invalid": Said("invalid character at byte {at}", "第 {at} 字节处有无效字符"),
    "trailing": Said("unexpected content from byte {at} on", "第 {at} 字节起有多余内容"),
    "constant": Said(
        "it contains {shown}, which is not valid JSON", "含有 {shown}，JSON 中没有这样的值"
    ),
    "half_character": Said(
        "it contains half a character (a lone surrogate)", "含有半个字符（孤立的代理项）"
    ),
    "not_utf8": NOT_UTF8,
    "unmatched_brackets": Said("its brackets do not match", "括号不匹配"),
    "too_long": Said("it is malformed", "格式错误"),
}
_PROTOBUF: Final = {
    "text_not_utf8": Said("a string is not UTF-8", "有字符串不是 UTF-8"),
    "field_number": Said(
        "field number {number} before byte {at}", "第 {at} 字节之前的字段编号为 {number}"
    ),
    "wire_type": Said("wire type {wire} before byte {at}", "第 {at} 字节之前的类型为 {wire}"),
    "announces_too_much": Said(
        "{announced:,} bytes announced at byte {at}, {left:,} left",
        "第 {at} 字节处声明有 {announced:,} 字节，只剩 {left:,} 字节",
    ),
    "ends_in_number": Said("it ends in the middle of a number", "在一个数字的中间就结束了"),
    "number_too_long": Said(
        "a number longer than {most} bytes at byte {at}", "第 {at} 字节处的数字超过 {most} 字节"
    ),
}

EMPTY_BODY: Final = rule(
    "empty_body",
    BAD,
    Said("The request has no body.", "请求没有请求体。"),
    Said(
        "Send a JSON array or a protobuf list. PHP sends an empty body for strings that are "
        "not UTF-8.",
        "请发送 JSON 数组或 protobuf 列表。PHP 遇到不是 UTF-8 的字符串时会发送空请求体。",
    ),
)
NOT_JSON: Final = rule(
    "not_json",
    BAD,
    Said("The body is not JSON: {detail}.", "请求体不是 JSON：{detail}。"),
    Said(
        "Send a JSON array in UTF-8, and declare compression and encryption in the headers.",
        "请发送 UTF-8 编码的 JSON 数组，并在请求头中注明压缩和加密方式。",
    ),
    _JSON,
    headline=Said("The body is not JSON", "请求体不是 JSON"),
)
NOT_AN_ARRAY: Final = rule(
    "not_an_array",
    BAD,
    Said("The body is {got:name}, not an array of messages.", "请求体是{got:name}，不是消息数组。"),
    Said(
        "Put the messages into a JSON array, even if there is only one.",
        "即使只有一条消息，也要放在 JSON 数组中。",
    ),
    headline=Said("The body is not an array of messages", "请求体不是消息数组"),
)
TOO_MANY_EVENTS: Final = rule(
    "too_many_events",
    BAD,
    Said(
        "The body contains {count:,} messages; at most {most:,} are allowed.",
        "请求体含有 {count:,} 条消息；每个请求最多 {most:,} 条。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("Too many messages in one request", "单个请求中的消息过多"),
)
NOT_PROTOBUF: Final = rule(
    "not_protobuf",
    BAD,
    Said(
        "The body is not the expected protobuf: {detail}.", "请求体不是预期的 protobuf：{detail}。"
    ),
    Said(
        "Send an EventV3List, ItemDtoList or UserMappingDtoList, depending on the path.",
        "请按路径发送 EventV3List、ItemDtoList 或 UserMappingDtoList。",
    ),
    _PROTOBUF,
    headline=Said("The body is not the expected protobuf", "请求体不是预期的 protobuf"),
)
TOO_MANY_FIELDS: Final = rule(
    "too_many_fields",
    BAD,
    Said(
        "The protobuf body has more than {most:,} fields.",
        "protobuf 请求体的字段超过 {most:,} 个。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("Too many fields in one protobuf body", "protobuf 请求体的字段过多"),
)
NO_MESSAGES: Final = rule(
    "no_messages",
    BAD,
    Said("The body contains no message.", "请求体中没有消息。"),
    Said("Put the messages into the list for this path.", "把消息放进路径所要求的列表中。"),
)
DOCTOR_PROBE: Final = rule(
    "doctor_probe",
    WARN,
    Said(
        "This is the connection check of growingio doctor: an empty list, without any event.",
        "这是 growingio doctor 的连通性检查：一个不含事件的空列表。",
    ),
    Said(
        "No action needed: the client can reach the collector.",
        "无需处理：客户端可以连接到采集器。",
    ),
    headline=Said("The connection check of growingio doctor", "growingio doctor 的连通性检查"),
)
WRONG_LIST_FIELD: Final = rule(
    "wrong_list_field",
    BAD,
    Said(
        "The messages are in field {found} of the protobuf list; a list of {kind}s has them "
        "in field {wanted}.",
        "消息位于 protobuf 列表的字段 {found}；{kind} 列表的消息应在字段 {wanted}。",
    ),
    Said(
        "Use the list message of this path: events and mappings have field 1, items field 2.",
        "使用该路径对应的列表消息：事件和用户融合为字段 1，维度表记录为字段 2。",
    ),
    headline=Said(
        "The messages are in the wrong field of the protobuf list",
        "消息位于 protobuf 列表的错误字段",
    ),
)
CONTENT_TYPE_DISAGREES: Final = rule(
    "content_type_disagrees",
    WARN,
    Said(
        "The body is {found}, but the request says Content-Type: {declared}.",
        "请求体是 {found}，而请求声明的是 Content-Type: {declared}。",
    ),
    Said(
        "Send application/json for JSON and application/protobuf for protobuf.",
        "JSON 请用 application/json，protobuf 请用 application/protobuf。",
    ),
    headline=Said("The Content-Type names another format", "Content-Type 与请求体的格式不符"),
)
NAME_WITHOUT_TYPE: Final = rule(
    "name_without_type",
    WARN,
    Said(
        "The event has a name but no event_type, which in protobuf means {meaning}.",
        "事件有名称但没有 event_type；在 protobuf 中这表示 {meaning}。",
    ),
    Said(
        "Set event_type to CUSTOM for custom events.",
        "自定义事件请将 event_type 设为 CUSTOM。",
    ),
    headline=Said("An event with a name but no event_type", "事件有名称但没有 event_type"),
)
TOO_DEEP: Final = rule(
    "too_deep",
    BAD,
    Said("The message is nested deeper than {most} levels.", "消息的嵌套超过 {most} 层。"),
    Said("Send flat attributes.", "请使用不嵌套的属性。"),
    headline=Said("The message is nested too deeply", "消息嵌套过深"),
)
TOO_MANY_VALUES: Final = rule(
    "too_many_values",
    BAD,
    Said(
        "The message has more than {most:,} values and was not read.",
        "消息的值超过 {most:,} 个，均未读取。",
    ),
    Said("Send fewer attributes in one event.", "减少每个事件的属性。"),
    headline=Said("A message with too many values", "消息的值过多"),
)
NOT_A_NUMBER: Final = rule(
    "not_a_number",
    BAD,
    Said(
        "{path} is {shown}, which JSON does not have.",
        "{path} 的值是 {shown}，JSON 中没有这样的值。",
    ),
    Said(
        "Omit the attribute, or send a finite number or a string.",
        "去掉该属性，或发送有限的数值或字符串。",
    ),
    headline=Said("A value that JSON does not have", "含有 JSON 中没有的值"),
)
LONE_SURROGATE: Final = rule(
    "lone_surrogate",
    BAD,
    Said(
        "{path} contains half a character (a lone surrogate).",
        "{path} 含有半个字符（孤立的代理项）。",
    ),
    Said(
        "Decode the string with the right encoding before tracking it.",
        "埋点之前请用正确的编码解码该字符串。",
    ),
    headline=Said("Half a character (a lone surrogate)", "半个字符（孤立的代理项）"),
)
UNREADABLE: Final = rule(
    "unreadable",
    BAD,
    Said("The message cannot be read.", "无法读取该消息。"),
    Said(
        "Look at the request's bytes and its decoding steps.", "请查看该请求的原始字节和解码步骤。"
    ),
)
