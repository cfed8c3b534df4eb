"""Settings of a collector and of its forwarding, and their checks."""

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from growingio_collector.rules.bodies import LIMITS, MAX_BODY_BYTES, MAX_EVENTS
from growingio_collector.rules.issue import RULES
from growingio_wire import VERSION
from growingio_wire.checks import check_fields, check_seconds
from growingio_wire.errors import invalid
from growingio_wire.http.tls import trusting
from growingio_wire.near import hint, hint_zh, nearest

LOOPBACK: Final = "127.0.0.1"
LANGUAGES: Final = ("auto", "zh-CN", "en")

DAY_S: Final = 86_400.0
DEFAULT_TIMEOUT_S: Final = 10.0
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._\-]+|\[[0-9a-fA-F:]+\]")


@dataclass(frozen=True, kw_only=True)
class Serving:
    """Where a collector listens, and who has access to it.

    :param bind: the address of this machine to listen on. The default is reachable from this
        machine only; with any other, such as ``"0.0.0.0"``, the page and the API require a token.
    :param more_ports: further ports to listen on.
    :param tls_port: a further port, with TLS and a generated certificate; None means none.
    :param next_port: whether to use the next free port if the first is in use.
    :param allow_hosts: further host names, without port, of the page and the API, besides those of
        the loopback interface.
    :param api_cors: origins (``"https://tool.example"``) whose pages may use the API.
    :param data_folder: the folder of the certificate; None is the user's data folder.
    :param lang: the language of the page: ``"auto"`` (the browser's), ``"zh-CN"`` or ``"en"``.
    :raises GrowingParamException: if one of them is invalid.
    """

    bind: str = LOOPBACK
    more_ports: tuple[int, ...] = ()
    tls_port: int | None = None
    next_port: bool = False
    allow_hosts: tuple[str, ...] = ()
    api_cors: tuple[str, ...] = ()
    data_folder: Path | None = None
    lang: str = "auto"

    def __post_init__(self) -> None:
        check_fields(self)
        if not _is_address(self.bind):
            raise invalid(
                f"bind: {self.bind!r} is not an IPv4 address such as 127.0.0.1 or 0.0.0.0.",
                f"bind：{self.bind!r} 不是 127.0.0.1 或 0.0.0.0 这样的 IPv4 地址。",
            )
        for host in self.allow_hosts:
            if not _HOST.fullmatch(host):
                raise invalid(
                    f"allow_hosts: {host!r} is not a name such as host.docker.internal; "
                    "give it without scheme and port.",
                    f"allow_hosts：{host!r} 不是 host.docker.internal 这样的主机名；"
                    "不要带协议和端口。",
                )
        for origin in self.api_cors:
            if not _ORIGIN.fullmatch(origin):
                raise invalid(
                    f"api_cors: {origin!r} is not an origin such as https://tool.example; "
                    "give only scheme, host and port.",
                    f"api_cors：{origin!r} 不是 https://tool.example 这样的来源；"
                    "只写协议、主机和端口。",
                )
        if self.lang not in LANGUAGES:
            raise invalid(
                f"lang: {self.lang!r} is not known; choose {', '.join(LANGUAGES)}.",
                f"lang：不支持 {self.lang!r}；可选 {'、'.join(LANGUAGES)}。",
            )

    @property
    def open_to_others(self) -> bool:
        """Whether other machines may connect."""
        return not ipaddress.ip_address(self.bind).is_loopback


def _is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Handling:
    """How received requests are handled.

    :param strict: whether to respond to a request with a bad event with 400 and the reasons,
        instead of 204. Java and mini-program SDKs then send it again.
    :param redact: keys whose values are replaced with ``***`` before anything is stored, anywhere
        in a message. Bodies, which contain the values, too, are then not kept at all.
    :param credentials: whether to keep and forward the headers ``Cookie`` and ``Authorization`` of
        clients. By default, they are replaced with ``***``.
    :param ignore: codes of problems to ignore, also for verdicts. Reports on the tracking plan
        still include them.
    :raises GrowingParamException: if there is no such code, or a key to redact is empty.
    """

    strict: bool = False
    redact: tuple[str, ...] = ()
    credentials: bool = False
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if "" in self.redact:
            raise invalid(
                "redact: a key is empty, and no value would be masked by it; name the key.",
                "redact：有一个字段名为空，不会遮盖任何值；请写出字段名。",
                "redact",
            )
        for code in self.ignore:
            if code not in RULES:
                raise invalid(
                    f"ignore: unknown problem code {code}{hint(code, RULES)}",
                    f"ignore：没有问题代码 {code}{hint_zh(code, RULES)}",
                    "ignore",
                    code="unknown",
                    got=code,
                    nearest=nearest(code, RULES) or "",
                )


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a collector; ``max_events`` and ``max_age_s`` are None for no limit."""

    max_events: int | None
    max_age_s: float | None
    max_body_bytes: int = MAX_BODY_BYTES
    max_decoded_bytes: int = LIMITS.decoded_bytes
    max_events_per_request: int = MAX_EVENTS


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and settings of a running collector.

    ``urls`` are the addresses for clients; the first is that of the page. ``db`` is the file with
    everything received; if ``temporary``, it is removed at the end. ``plan`` tells whether there is
    a tracking plan. ``forward`` is the server that requests are forwarded to, or None. ``lang`` is
    ``"auto"``, ``"zh-CN"`` or ``"en"``. ``network_page`` is the address of the page for a phone in
    the same network, with the token; None if only this machine can connect.
    """

    urls: tuple[str, ...]
    db: str
    temporary: bool
    limits: Limits
    plan: bool = False
    forward: str | None = None
    lang: str = "auto"
    network_page: str | None = None
    version: str = VERSION


class Forwarding(msgspec.Struct, frozen=True, kw_only=True):
    """How a collector forwards a request after storing it.

    :param url: the server, ``https://HOST`` or ``http://HOST``, optionally with a path to put
        before the requests' paths. The environment's proxies are used.
    :param only: ``"all"``, the default, or ``"good"``, which holds back requests with a bad event.
    :param timeout_s: maximum seconds per request; 10 by default.
    :param sync: True waits for the server, passes its status and response to the client, and does
        not retry. False, the default, responds immediately and forwards afterwards.
    :param keep_trying_s: seconds, a day by default, after which a failed request is not retried. 0
        tries once.
    :param verify_cert: True, the default, verifies the server's certificate; the path of a PEM file
        verifies it against the authorities in that file; False verifies nothing and warns once.
    :raises GrowingParamException: if one of them is invalid.
    """

    url: str
    only: Literal["all", "good"] = "all"
    timeout_s: float = DEFAULT_TIMEOUT_S
    sync: bool = False
    keep_trying_s: float = DAY_S
    verify_cert: bool | str = True

    def __post_init__(self) -> None:
        if self.only not in ("all", "good"):
            raise invalid(
                f"only: {self.only!r} is neither 'all' nor 'good'.",
                f"only：{self.only!r} 既不是 'all' 也不是 'good'。",
                "only",
            )
        check_fields(self)
        check_url("forward", self.url)
        check_seconds(self.timeout_s, "timeout_s", above=0)
        check_seconds(self.keep_trying_s, "keep_trying_s")
        _check_authorities(self.verify_cert)

    def check_leads_away(self, own_ports: Iterable[int]) -> None:
        """Reject a collector that would forward to itself endlessly.

        :raises GrowingParamException: if the address is this machine's, with one of ``own_ports``.
        """
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if port in own_ports and parts.hostname in _THIS_MACHINE:
            raise invalid(
                f"forward: {self.url} is the collector itself. Give the address of another server.",
                f"forward：{self.url} 就是采集器自身。请给出其他服务器的地址。",
            )

    def check_keeps_bodies(self, redact: Collection[str]) -> None:
        """Reject forwarding if bodies are not kept.

        :raises GrowingParamException: if values are masked before anything is stored.
        """
        if redact:
            raise invalid(
                "redact: requests are forwarded from the store, which keeps no bodies when values "
                "are masked. Leave out either redact or forward.",
                "redact：转发的请求取自存储，而遮盖字段时不保留请求体。请去掉 redact 或 forward。",
            )


def _check_authorities(verify_cert: object) -> None:
    if isinstance(verify_cert, str):
        trusting(verify_cert)
    elif not isinstance(verify_cert, bool):
        raise invalid(
            "verify_cert: give True, False or the path of a PEM file.",
            "verify_cert：请给出 True、False 或 PEM 文件的路径。",
        )


def check_url(argument: str, url: str) -> SplitResult:
    """Return the parts of a server's address.

    :param argument: the caller's name for it.
    :raises GrowingParamException: if it is not ``http://`` or ``https://`` and a host, optionally
        followed by a port and a path.
    """
    parts = _parts(url)
    if parts is None:
        shown = repr(url.rpartition("@")[2][:100])
        raise invalid(
            f"{argument}: {shown} is not the address of a server. "
            "Give http:// or https://, a host, and a port if it has one.",
            f"{argument}：{shown} 不是服务器地址。请写 http:// 或 https://、主机，以及端口（如果有）。",
        )
    # A password would be shown on the page; a query would have to be mixed with the client's own.
    if parts.username is not None or parts.query or parts.fragment:
        raise invalid(
            f"{argument}: give only scheme, host, port and path, without a user, ? or #.",
            f"{argument}：只写协议、主机、端口和路径，不要带用户名、? 或 #。",
        )
    return parts


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isascii() and url.isprintable() and " " not in url else None
