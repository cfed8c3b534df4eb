"""Certificates that a server presents, including rejected ones."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from growingio_cli.doctor.setup import Setup, is_address
from growingio_wire.http.sockets import Deadline, wrap
from growingio_wire.http.tls import make_context


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
    # From 3.13 sockets have these methods, which give bytes that the module cannot read. Their
    # inner object has them since 3.10, and reads them; TLS inside of TLS has it under another name.
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
