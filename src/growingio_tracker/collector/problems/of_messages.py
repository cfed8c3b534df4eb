"""What is wrong with a message that could be read, or read in part."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import BAD, WARN, Text

OF_MESSAGES: Final[Mapping[str, Text]] = {
    "too_deep": Text(
        BAD,
        "The message is nested deeper than {most} levels.",
        "消息的嵌套超过 {most} 层。",
        "Send flat attributes.",
        "请使用不嵌套的属性。",
    ),
    "not_a_number": Text(
        BAD,
        "{path} is {shown}, which JSON does not have.",
        "{path} 的值是 {shown}，JSON 中没有这样的值。",
        "Leave the attribute out, or send a finite number or a text.",
        "去掉该属性，或发送有限的数字或文本。",
    ),
    "lone_surrogate": Text(
        BAD,
        "{path} holds half a character (a lone surrogate).",
        "{path} 含有半个字符（孤立的代理项）。",
        "Decode the text with the right encoding before it is tracked.",
        "在埋点之前用正确的编码解码该文本。",
    ),
    "unreadable": Text(
        BAD,
        "The message cannot be read.",
        "无法读取该消息。",
        "Look at the request's bytes and its decoding steps.",
        "请查看该请求的原始字节和解码步骤。",
    ),
    "not_an_object": Text(
        BAD,
        "The message is not an object: {detail}.",
        "消息不是 JSON 对象：{detail}。",
        "Every element of the array is one message, a JSON object.",
        "数组的每个元素都应是一条消息，即一个 JSON 对象。",
    ),
    "attributes_not_object": Text(
        BAD,
        "attributes is not an object: {detail}.",
        "attributes 不是 JSON 对象：{detail}。",
        "Send attributes as an object of names and values. PHP makes an array of keys 0, 1, 2.",
        "attributes 应是名称到值的对象。PHP 会把 0、1、2 这样的键编码成数组。",
    ),
    "wrong_type": Text(
        BAD,
        "{path} has the wrong type: {detail}.",
        "{path} 的类型不对：{detail}。",
        "Send the type that the sentence names.",
        "请按上面所说的类型发送。",
    ),
    "missing_event_type": Text(
        BAD,
        "The event has no eventType.",
        "事件缺少 eventType。",
        "Send eventType, CUSTOM for events of your own.",
        "请发送 eventType；自定义事件为 CUSTOM。",
    ),
    "missing_event_name": Text(
        BAD,
        "A CUSTOM event needs an eventName.",
        "CUSTOM 事件必须有 eventName。",
        "Name the event.",
        "请给事件命名。",
    ),
    "missing_timestamp": Text(
        BAD,
        "The event has no timestamp (Unix milliseconds).",
        "事件缺少 timestamp（Unix 毫秒）。",
        "Send the time of the event in Unix milliseconds.",
        "请以 Unix 毫秒发送事件发生的时间。",
    ),
    "missing_data_source": Text(
        BAD,
        "The event has no dataSourceId.",
        "事件缺少 dataSourceId。",
        "Give the SDK the data source id that GrowingIO shows for your application.",
        "请在 SDK 中填写 GrowingIO 为您的应用提供的数据源 ID。",
    ),
    "nobody": Text(
        BAD,
        "The event has neither userId nor deviceId; only userKey {not_user} may lack both.",
        "事件既没有 userId 也没有 deviceId；只有 userKey 为 {not_user} 时才可以都没有。",
        "Give login_user_id or anonymous_id when you track.",
        "埋点时请传入 login_user_id 或 anonymous_id。",
    ),
    "user_id_not_text": Text(
        WARN,
        "userId is a number.",
        "userId 是数字。",
        "Send it as text, so that 007 and 7 stay two users.",
        "请以文本发送，这样 007 和 7 才是两个用户。",
    ),
    "missing_item_id": Text(
        BAD,
        "The item has no id.",
        "物品（item）缺少 id。",
        "Give item_id when you submit the item.",
        "提交 item 时请传入 item_id。",
    ),
    "missing_item_key": Text(
        BAD,
        "The item has no key.",
        "物品（item）缺少 key。",
        "Give item_key when you submit the item.",
        "提交 item 时请传入 item_key。",
    ),
    "missing_identifies": Text(
        BAD,
        "The mapping has no identifies (user key to user id).",
        "用户关联缺少 identifies（user key 到 user id）。",
        "Send identifies with at least one user key and its user id.",
        "请发送 identifies，至少包含一个 user key 及其 user id。",
    ),
}
