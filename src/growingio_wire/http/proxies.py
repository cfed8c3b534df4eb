"""Proxy settings of the environment, interpreted as ``requests`` does.

``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY`` set them, in upper or lower case; without these
variables, macOS and Windows use the system's settings. ``NO_PROXY`` lists hosts to connect to
directly: names with their subdomains, addresses and networks, each optionally with a port.
"""

from __future__ import annotations

import base64
import ipaddress
import os
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from growingio_wire.errors import ProxyError
from growingio_wire.said import Said

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
SYSTEM_SETTINGS: Final = "the system's settings"

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxy(Struct, frozen=True):
    """A proxy that requests go through.

    :param scheme: ``"http"`` or ``"https"``: the protocol of the proxy itself.
    :param origin: the variable that sets it, or :data:`SYSTEM_SETTINGS`.
    :param authorization: the value of ``Proxy-Authorization``; empty for none.
    """

    scheme: str
    host: str
    port: int
    origin: str
    authorization: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.scheme}://{self.host}:{self.port}, from {self.origin})"


def find_proxy(base_url: str) -> Proxy | None:
    """Return the proxy for a server; ``None`` for a direct connection.

    :param base_url: scheme, host and port of the server.
    :raises ProxyError: if the proxy is invalid. The error names the variable, but not the address,
        which may contain a password.
    """
    parts = urlsplit(base_url)
    proxies = getproxies()
    address = proxies.get(parts.scheme) or proxies.get("all")
    if not address or _is_direct(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]):
        return None
    return _parsed(address.strip(), _origin(parts.scheme))


def _origin(scheme: str) -> str:
    for name in (f"{scheme}_proxy", "all_proxy"):
        # Lower case wins; if both are equal, the upper-case name is shown.
        lower, upper = os.environ.get(name), os.environ.get(name.upper())
        if lower or upper:
            return name if lower and lower != upper else name.upper()
    return SYSTEM_SETTINGS


def _parsed(address: str, origin: str) -> Proxy:
    try:
        url = parse_url(address if "://" in address else f"http://{address}")
    except LocationParseError:
        raise _unusable(origin, _NO_ADDRESS) from None
    scheme = url.scheme or ""
    if scheme not in DEFAULT_PORTS:
        raise _unusable(origin, _WRONG_SCHEME)
    if not url.host:
        raise _unusable(origin, _NO_HOST)
    port = DEFAULT_PORTS[scheme] if url.port is None else url.port
    if not 0 < port < 65_536:
        raise _unusable(origin, _WRONG_PORT)
    return Proxy(scheme, url.host.strip("[]"), port, origin, _authorization(url.auth))


def _authorization(auth: str | None) -> str:
    if not auth:
        return ""
    credentials = unquote(auth if ":" in auth else f"{auth}:")
    try:
        encoded = credentials.encode("latin-1")  # what requests sends
    except UnicodeEncodeError:
        encoded = credentials.encode()
    return f"Basic {base64.b64encode(encoded).decode()}"


_NO_ADDRESS: Final = Said(
    "it is not an address such as http://HOST:PORT", "它不是 http://HOST:PORT 这样的地址"
)
_WRONG_SCHEME: Final = Said(
    "only http:// and https:// proxies are supported", "只支持 http:// 和 https:// 代理"
)
_NO_HOST: Final = Said("it has no host", "没有主机名")
_WRONG_PORT: Final = Said("its port is not one from 1 to 65535", "端口不在 1 到 65535 之间")


def _unusable(origin: str, reason: Said) -> ProxyError:
    where = "系统设置" if origin == SYSTEM_SETTINGS else f" {origin} "
    said = Said(
        f"the proxy in {origin} cannot be used: {reason.en}",
        f"{where}中的代理无法使用：{reason.zh}".lstrip(),
    )
    return ProxyError(said, origin, code="unusable_proxy")


def _is_direct(host: str, port: int) -> bool:
    no_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if any(_names(entry, host, port) for entry in no_proxy.replace(",", " ").split()):
        return True
    try:
        return bool(proxy_bypass(host))  # which asks the system as well
    except (TypeError, ValueError, OSError):
        return False


def _names(entry: str, host: str, port: int) -> bool:
    """Return whether an entry of ``NO_PROXY`` matches a host."""
    if entry == "*":
        return True
    if (network := _network(entry)) is not None:
        return _is_in(host, network)
    name, _, wanted_port = entry.rpartition(":") if _has_port(entry) else (entry, "", "")
    if wanted_port and wanted_port != str(port):
        return False
    if (network := _network(name)) is not None:
        return _is_in(host, network)
    name = name.lower().removeprefix("*").strip(".")
    host = host.lower().rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _has_port(entry: str) -> bool:
    return entry.rpartition(":")[2].isdecimal()


def _network(text: str) -> _Network | None:
    """Return an address or a network as a network; ``None`` if it is neither."""
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: _Network) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]) in network
    except ValueError:
        return False
