"""Whom the checks talk to."""

from __future__ import annotations

import ipaddress
import os
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from urllib3.exceptions import LocationParseError
from urllib3.util import make_headers, parse_url

from growingio_tracker.config.settings import Settings
from growingio_tracker.transport.endpoints import base_url
from growingio_tracker.transport.http import _proxy_for

_PORTS: Final = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True):
    """The proxy that requests go through.

    :param origin: the variable that names it, or ``"the system's settings"``.
    :param headers: what proves to the proxy who is asking.
    """

    scheme: str
    host: str
    port: int
    origin: str
    headers: dict[str, str]


class Target(Struct, frozen=True):
    """A collect server, how to reach it, and who sends.

    :param base: ``server_host`` without a trailing slash.
    :param product_id: empty when the configuration has none; likewise the data source's.
    :param verify_cert: as consumers have it.
    :param form: the configured format.
    :param timeout_s: seconds for each step.
    """

    base: str
    product_id: str
    data_source_id: str
    verify_cert: bool | str
    form: str
    timeout_s: float
    proxy: Proxy | None

    @property
    def is_https(self) -> bool:
        """Whether the server is asked over TLS."""
        return self.base.startswith("https:")

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.base).hostname or ""

    @property
    def port(self) -> int:
        """The server's port."""
        parts = urlsplit(self.base)
        return parts.port or _PORTS[parts.scheme]

    @property
    def next_hop(self) -> tuple[str, int]:
        """Whom this machine connects to: the proxy, or the server itself."""
        return (self.proxy.host, self.proxy.port) if self.proxy else (self.host, self.port)


def make_target(settings: Settings, timeout_s: float) -> Target:
    """Return the target that usable settings describe.

    :raises GrowingParamException: when ``server_host`` cannot be used.
    """
    base = base_url(_value(settings, "server_host", ""))
    return Target(
        base,
        _value(settings, "product_id", ""),
        _value(settings, "data_source_id", ""),
        _value(settings, "verify_cert", True),
        _value(settings, "format", "json"),
        timeout_s,
        find_proxy(base),
    )


def _value(settings: Settings, name: str, default: Any) -> Any:
    return settings[name].value if name in settings else default


def find_proxy(base: str) -> Proxy | None:
    """Return the proxy for ``base`` as the transport finds it; port 0 means it cannot be used."""
    text = _proxy_for(base)
    if text is None:
        return None
    origin = _origin(urlsplit(base).scheme)
    try:
        url = parse_url(text if "://" in text else f"http://{text}")
    except LocationParseError:
        return Proxy("", "", 0, origin, {})
    scheme = url.scheme or ""
    headers = make_headers(proxy_basic_auth=unquote(url.auth)) if url.auth else {}
    return Proxy(scheme, url.host or "", url.port or _PORTS.get(scheme, 0), origin, dict(headers))


def _origin(scheme: str) -> str:
    names = [f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"]
    return next((name for name in names if os.environ.get(name)), "the system's settings")


def is_address(host: str) -> bool:
    """Return whether ``host`` is an address, for which no name is looked up."""
    try:
        ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True
