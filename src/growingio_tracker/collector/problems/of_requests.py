"""What is wrong with a request before its body is read."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import BAD, Text

OF_REQUESTS: Final[Mapping[str, Text]] = {
    "unknown_path": Text(
        BAD,
        "Nothing is collected at {shown}. Did you mean {nearest}?",
        "{shown} 不是采集地址。您要找的是 {nearest} 吗？",
        "Give the client only the scheme, host and port as its server host; it adds the path.",
        "客户端的 server host 只写协议、主机和端口，路径由客户端自己添加。",
    ),
    "wrong_method": Text(
        BAD,
        "Events are sent with POST, not with {method}.",
        "事件须用 POST 发送，而不是 {method}。",
        "Send the request with POST.",
        "请改用 POST 方法。",
    ),
    "too_large": Text(
        BAD,
        "The body is over {most:,} bytes; only its beginning is kept.",
        "请求体超过 {most:,} 字节，只保留了开头。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "broken_off": Text(
        BAD,
        "The connection ended before the body did.",
        "请求体尚未收完，连接就断开了。",
        "Look at the client's time-out, and whether its process ended while it was sending.",
        "检查客户端的超时设置，以及发送过程中进程是否已退出。",
    ),
    "no_data": Text(
        BAD,
        "A GET on a collect path is an image request and carries its events in data=; this one "
        "has no data=.",
        "对采集地址的 GET 是图片请求，事件应放在 data= 中；该请求没有 data=。",
        "Send the events with POST, or as ?stm=…&compress=0&data=[…].",
        "请用 POST 发送事件，或写成 ?stm=…&compress=0&data=[…]。",
    ),
}
