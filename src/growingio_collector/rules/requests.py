"""Rules of requests: their paths, methods and kinds of messages, and incomplete bodies."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

import msgspec

from growingio_collector.rules.issue import BAD, Issue, rule
from growingio_wire.near import nearest
from growingio_wire.said import Said
from growingio_wire.table import SCHEMAS, Kind, Schema, camel

_SHOWN: Final = 200
"""Characters of an unknown path that are shown."""

_SHOWN_BYTES: Final = 40
_TLS_HANDSHAKE: Final = b"\x16\x03"

UNKNOWN_PATH: Final = rule(
    "unknown_path",
    BAD,
    Said(
        "{shown} is not a collect path. Did you mean {nearest}?",
        "{shown} 不是采集地址。您要找的是 {nearest} 吗？",
    ),
    Said(
        "Configure only scheme, host and port as the client's server host; the client adds "
        "the path.",
        "客户端的 server host 只写协议、主机和端口，路径由客户端自己添加。",
    ),
    headline=Said("A request to an unknown path", "请求的地址不是采集地址"),
)
WRONG_METHOD: Final = rule(
    "wrong_method",
    BAD,
    Said("Events are sent with POST, not with {method}.", "事件须用 POST 发送，而不是 {method}。"),
    Said("Send the request with POST.", "请改用 POST 方法。"),
    headline=Said("A request with the wrong method", "请求方法不对"),
)
AS_PROXY: Final = rule(
    "as_proxy",
    BAD,
    Said(
        "The client uses the collector as a proxy: the request line is {shown}.",
        "客户端把采集器当成了代理：请求行是 {shown}。",
    ),
    Said(
        "Configure the collector's address as the client's server host, and remove it from "
        "HTTP_PROXY and HTTPS_PROXY.",
        "请把采集器的地址设为客户端的 server host，不要写在 HTTP_PROXY 或 HTTPS_PROXY 中。",
    ),
    headline=Said("The collector is used as a proxy", "采集器被当作代理使用"),
)
TWO_LENGTHS: Final = rule(
    "two_lengths",
    BAD,
    Said(
        "The request has both Content-Length and Transfer-Encoding, so servers disagree on where "
        "it ends.",
        "请求同时带有 Content-Length 和 Transfer-Encoding，不同的服务器会认为它在不同的位置结束。",
    ),
    Said("Send only one of the two headers.", "这两个请求头只能发送一个。"),
    headline=Said("A request with two lengths", "请求声明了两种长度"),
)
NOT_HTTP: Final = rule(
    "not_http",
    BAD,
    Said(
        "The connection did not begin with a valid HTTP request: {detail}.",
        "收到的内容不是合法的 HTTP：{detail}。",
    ),
    Said(
        "Give the client the collector's address with its own scheme: http:// for --port, "
        "https:// for --tls.",
        "请使用采集器地址对应的协议：--port 为 http://，--tls 为 https://。",
    ),
    {
        "tls": Said("it begins like TLS (https://)", "开头是 TLS（https://）"),
        "malformed": Said("it begins with {shown}", "开头是 {shown}"),
    },
    headline=Said("A connection that did not begin with HTTP", "收到的内容不是合法的 HTTP"),
)
TOO_LARGE: Final = rule(
    "too_large",
    BAD,
    Said(
        "The body is larger than {most:,} bytes; only its beginning is stored.",
        "请求体超过 {most:,} 字节，只保留了开头。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("The body is too large", "请求体过大"),
)
BROKEN_OFF: Final = rule(
    "broken_off",
    BAD,
    Said("The connection ended before the body did.", "请求体尚未收完，连接就断开了。"),
    Said(
        "Check the client's time-out, and whether its process ended while it was sending.",
        "检查客户端的超时设置，以及发送过程中进程是否已退出。",
    ),
)
NO_DATA: Final = rule(
    "no_data",
    BAD,
    Said(
        "A GET on a collect path is an image request and carries its events in data=; this "
        "one has no data=.",
        "对采集地址的 GET 是图片请求，事件应放在 data= 中；该请求没有 data=。",
    ),
    Said(
        "Send the events with POST, or as ?stm=…&compress=0&data=[…].",
        "请用 POST 发送事件，或写成 ?stm=…&compress=0&data=[…]。",
    ),
)


BROKEN_HTTP: Final = rule(
    "broken_http",
    BAD,
    Said(
        "A request breaks the rules of HTTP. It begins with {shown}.",
        "请求不符合 HTTP 的规则。它的开头是 {shown}。",
    ),
    Said(
        "Send Host once, and the right Content-Length or chunks, not both; look for a program "
        "between the client and the collector that changes headers.",
        "Host 只发送一次；Content-Length 要正确，且不能与分块同时使用；"
        "请检查客户端与采集器之间是否有程序改动了请求头。",
    ),
    headline=Said("A request that breaks the rules of HTTP", "不符合 HTTP 规则的请求"),
)
OTHER_KIND: Final = rule(
    "other_kind",
    BAD,
    Said(
        "This is {got:name}, but it was sent to the path of {wanted:name}.",
        "这是{got:name}，却发送到了{wanted:name}的路径。",
    ),
    Said(
        "Send it to the path for its kind; an SDK chooses it by the method that you call.",
        "请发送到与其类型对应的路径；使用 SDK 时由所调用的方法决定。",
    ),
    headline=Said("A message on the path of another kind", "消息发送到了其他类型的路径"),
)
_REQUEST_LINE: Final = re.compile(rb"[A-Za-z]+ [/*h]\S*(?: HTTP/\d|\Z)")
"""The beginning of a request line, possibly cut within the target."""


class Target(NamedTuple):
    """Parsed path of a collect request: the kind of its messages and the project's id."""

    kind: Kind
    project: str


def _pattern(schema: Schema) -> re.Pattern[str]:
    # Clients whose host ends in a slash double it.
    path = re.escape(schema.path).replace("/", "/+").replace(re.escape("{}"), "([^/]+)")
    return re.compile(path + "/*")


_PATTERNS: Final = [(kind, _pattern(schema)) for kind, schema in SCHEMAS.items()]


def read_path(path: str) -> Target | None:
    """Return the target of an undecoded ``path``; ``None`` if it is not a collect path."""
    for kind, pattern in _PATTERNS:
        if found := pattern.fullmatch(path):
            return Target(kind, unquote(found[1]))
    return None


def not_http(beginning: bytes) -> Issue:
    """Return the issue of a connection with this beginning."""
    if beginning.startswith(_TLS_HANDSHAKE):
        return NOT_HTTP.issue(detail="tls")
    shown = ascii(beginning[:_SHOWN_BYTES].decode("latin-1"))
    if _REQUEST_LINE.match(beginning):
        return BROKEN_HTTP.issue(shown=shown)
    return NOT_HTTP.issue(detail="malformed", shown=shown)


def unknown_path(method: str, path: str) -> Issue:
    """Return the issue of an unknown path, with the most similar collect path."""
    if not path.startswith("/") and path != "*":
        return AS_PROXY.issue(shown=f"{method} {path[:_SHOWN]}")
    return UNKNOWN_PATH.issue(shown=path[:_SHOWN], nearest=_nearest(path))


def _nearest(path: str) -> str:
    """Return the collect path most similar to ``path``, with ``{project}`` for the id."""
    known = [schema.path.format("{project}") for schema in SCHEMAS.values()]
    return nearest(path, known, like_enough=0.0) or known[0]


class _Signs(msgspec.Struct, rename=camel):
    """The fields that tell one kind of message from another."""

    event_type: msgspec.Raw = msgspec.Raw()
    event_name: msgspec.Raw = msgspec.Raw()
    id: msgspec.Raw = msgspec.Raw()
    key: msgspec.Raw = msgspec.Raw()
    identifies: msgspec.Raw = msgspec.Raw()

    @property
    def kind(self) -> Kind | None:
        """The kind of message with such fields; None if unclear."""
        if self.event_type or self.event_name:
            return Kind.EVENT
        if self.identifies:
            return Kind.MAPPING
        return Kind.ITEM if self.id and self.key else None


_signs: Final = msgspec.json.Decoder(_Signs)


def kind_issue(kind: Kind, text: bytes) -> Issue | None:
    """Return an issue if a message does not belong on the path of ``kind``."""
    got = _signs.decode(text).kind
    if got in (None, kind):
        return None
    return OTHER_KIND.issue(got=got.value, wanted=kind.value)
