"""Set-up under examination: the server, the route to it, and its certificates."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from growingio_tracker.config.settings import Settings
from growingio_wire.endpoints import base_url
from growingio_wire.errors import GrowingParamException, ProxyError
from growingio_wire.http.connections import Route
from growingio_wire.http.proxies import Proxy, find_proxy
from growingio_wire.http.sockets import Deadline, wrap
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


class ServerCertificate(Struct, frozen=True):
    """The parts of a certificate that a person decides by.

    :param subject: its owner.
    :param issuer: the authority that signed it.
    :param names: the hosts that it is for.
    :param until: when it expires.
    """

    subject: str
    issuer: str
    names: list[str]
    until: datetime

    @property
    def days_left(self) -> int:
        """Whole days until it expires; negative when it has expired."""
        return (self.until - datetime.now(timezone.utc)).days

    @property
    def is_self_signed(self) -> bool:
        """Whether its owner signed it."""
        return self.subject == self.issuer

    def is_for(self, host: str) -> bool:
        """Return whether it names this host, or names none at all."""
        return not self.names or any(_is_name_of(host, name) for name in self.names)


def _is_name_of(host: str, name: str) -> bool:
    if is_address(host):
        return is_address(name) and ip_address(host) == ip_address(name)
    host, name = host.lower().rstrip("."), name.lower()
    return host == name or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def trusted_chain(connection: Any) -> list[ServerCertificate]:
    """Return the chain of a verified connection, from the server's certificate to the root."""
    told = _told(connection, "get_verified_chain")
    return told or [_certificate(one) for one in [connection.getpeercert()] if one]


def sent_chain(setup: Setup) -> list[ServerCertificate]:
    """Return the certificates that the server sends, trusted or not, its own first.

    Empty when they cannot be read.
    """
    try:
        with handshake(setup) as connection:
            return _told(connection, "get_unverified_chain")
    except OSError:
        return []


def handshake(setup: Setup) -> socket.socket:
    """Return an unverified TLS connection, for inspection and not for sending.

    :raises OSError: if the server does not speak TLS, or there is no connection.
    """
    return shake_hands(setup, make_context(verify_cert=False))


def shake_hands(setup: Setup, context: ssl.SSLContext) -> socket.socket:
    """Return a TLS connection to the server, verified by a context.

    :raises ssl.SSLCertVerificationError: when it does not.
    :raises OSError: if the server does not speak TLS, or there is no connection.
    """
    plain = setup.reach()
    try:
        return wrap(plain, context, setup.route.host, Deadline(setup.timeout_s))
    except BaseException:
        plain.close()
        raise


def speaks_tls(setup: Setup) -> bool:
    """Return whether the server completes a TLS handshake."""
    try:
        handshake(setup).close()
    except OSError:
        return False
    return True


def _told(connection: object, chain: str) -> list[ServerCertificate]:
    # Since 3.13, sockets have these methods, but return bytes that the module cannot parse. Their
    # inner object has had them since 3.10, parsed; TLS inside TLS keeps it under another name.
    inner = getattr(connection, "_sslobj", getattr(connection, "sslobj", None))
    tell = getattr(getattr(inner, "_sslobj", inner), chain, None)
    return [] if tell is None else [_certificate(one.get_info()) for one in tell()]


def _certificate(content: dict[str, Any]) -> ServerCertificate:
    names = [str(name) for _, name in content.get("subjectAltName", ())]
    until = ssl.cert_time_to_seconds(content["notAfter"])
    return ServerCertificate(
        _name(content.get("subject", ())) or ", ".join(names),
        _name(content.get("issuer", ())),
        names,
        datetime.fromtimestamp(until, timezone.utc),
    )


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return the most telling parts of a distinguished name."""
    values = dict(_flat(parts))
    wanted = ("organizationName", "organizationalUnitName", "commonName")
    return ", ".join(dict.fromkeys(values[name] for name in wanted if name in values))


def _flat(parts: tuple[tuple[tuple[str, str], ...], ...]) -> Iterator[tuple[str, str]]:
    for part in parts:
        yield from part
