"""Reading a server's certificates, also those that are refused."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from msgspec import Struct

from growingio_tracker.doctor.proxies import opened
from growingio_tracker.doctor.target import Target


class Certificate(Struct, frozen=True):
    """What a certificate says.

    :param subject: whose it is.
    :param issuer: the authority that signed it.
    :param names: the hosts that it is for.
    :param until: when it ends.
    """

    subject: str
    issuer: str
    names: list[str]
    until: datetime

    @property
    def days_left(self) -> int:
        """Whole days until it ends; negative when it has ended."""
        return (self.until - datetime.now(timezone.utc)).days

    @property
    def is_self_signed(self) -> bool:
        """Whether nobody but its owner stands for it."""
        return self.subject == self.issuer


def trusted_chain(connection: ssl.SSLSocket) -> list[Certificate]:
    """Return what a verified connection rests on, from the server's certificate to the root."""
    told = _told(connection, "get_verified_chain")
    return told or [_certificate(one) for one in [connection.getpeercert()] if one]


def sent_chain(target: Target) -> list[Certificate]:
    """Return the certificates that the server sends, trusted or not, its own first.

    Empty when they cannot be read.
    """
    try:
        with handshake(target) as connection:
            return _told(connection, "get_unverified_chain")
    except OSError:
        return []


def handshake(target: Target) -> ssl.SSLSocket:
    """Return a connection over TLS on which nothing is checked. It is only to be looked at.

    :raises OSError: when the server does not speak TLS, or there is no connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # no event is sent over this connection
    connection = opened(target)
    try:
        return context.wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


def speaks_tls(target: Target) -> bool:
    """Return whether the server shakes hands over TLS."""
    try:
        handshake(target).close()
    except OSError:
        return False
    return True


def _told(connection: ssl.SSLSocket, chain: str) -> list[Certificate]:
    # From 3.13 the module has these methods, which give bytes that it cannot read. Its inner
    # object has them since 3.10, and reads them. An interpreter without it tells nothing.
    tell = getattr(getattr(connection, "_sslobj", None), chain, None)
    return [] if tell is None else [_certificate(one.get_info()) for one in tell()]


def _certificate(content: dict[str, Any]) -> Certificate:
    names = [str(name) for _, name in content.get("subjectAltName", ())]
    until = ssl.cert_time_to_seconds(content["notAfter"])
    return Certificate(
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
