"""Set-up under examination: the collect server, the route to it, and the sender's ids."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from typing import Any

from msgspec import Struct

from growingio_tracker.config.settings import Settings
from growingio_wire.endpoints import base_url
from growingio_wire.errors import GrowingParamException, ProxyError
from growingio_wire.http.connections import Route
from growingio_wire.http.proxies import Proxy, find_proxy
from growingio_wire.http.sockets import Deadline
from growingio_wire.http.tls import make_context


class Setup(Struct, frozen=True):
    """Collect server, the route to it, and the sender's ids.

    :param base: ``server_host`` without a trailing slash.
    :param route: the way there.
    :param context: whose certificates are trusted; ``None`` where ``verify_cert`` cannot be used.
    :param product_id: empty when the configuration has none; likewise ``data_source_id``.
    :param form: the configured format.
    :param timeout_s: seconds for each step.
    :param wrong_proxy: the variable whose proxy cannot be used; empty when there is none.
    """

    base: str
    route: Route
    context: ssl.SSLContext | None
    product_id: str
    data_source_id: str
    form: str
    timeout_s: float
    wrong_proxy: str

    @property
    def proxy(self) -> Proxy | None:
        """The proxy on the way; ``None`` where the server is reached directly."""
        return self.route.proxy

    def reach(self) -> socket.socket:
        """Return a connection to the server without its TLS, through the proxy if there is one.

        :raises TunnelRefusedError: if the proxy refuses.
        :raises OSError: if there is no connection.
        """
        return self.route.reach(Deadline(self.timeout_s))


def make_setup(settings: Settings, timeout_s: float) -> Setup:
    """Return the set-up that usable settings describe.

    :raises GrowingParamException: if ``server_host`` cannot be used.
    """
    base = base_url(_value(settings, "server_host", ""))
    proxy, wrong_proxy = _proxy_for(base)
    verify_cert = _value(settings, "verify_cert", True)
    context = _context(verify_cert)
    return Setup(
        base,
        # A file that cannot be used has its own finding; what needs none is still looked at.
        Route(base, verify_cert=verify_cert if context else False, proxy=proxy),
        context,
        _value(settings, "product_id", ""),
        _value(settings, "data_source_id", ""),
        _value(settings, "format", "json"),
        timeout_s,
        wrong_proxy,
    )


def _proxy_for(base: str) -> tuple[Proxy | None, str]:
    try:
        return find_proxy(base), ""
    except ProxyError as error:
        return None, error.argument


def _context(verify_cert: bool | str) -> ssl.SSLContext | None:
    try:
        return make_context(verify_cert)
    except GrowingParamException:
        return None


def _value(settings: Settings, name: str, default: Any) -> Any:
    return settings[name].value if name in settings else default


def is_address(host: str) -> bool:
    """Return whether ``host`` is an IP address, for which no name is resolved."""
    try:
        ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True
