"""Reading a certificate, also one that is refused, with nothing but the standard library."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Final

from msgspec import Struct

from growingio_tracker.doctor.proxies import opened
from growingio_tracker.doctor.target import Target

_NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for."""


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


def certificate_of(connection: ssl.SSLSocket) -> Certificate | None:
    """Return the certificate that a verified connection came with."""
    content: dict[str, Any] | None = connection.getpeercert()
    if not content:
        return None
    names = [str(name) for _, name in content.get("subjectAltName", ())]
    until = ssl.cert_time_to_seconds(content["notAfter"])
    return Certificate(
        _name(content.get("subject", ())) or ", ".join(names),
        _name(content.get("issuer", ())),
        names,
        datetime.fromtimestamp(until, timezone.utc),
    )


def read_refused(target: Target) -> Certificate | None:
    """Return the server's certificate although it is not trusted; None if it cannot be read.

    The module tells what a certificate says only when it was verified. So the server is asked
    twice: for the bare bytes, and then with exactly that certificate trusted.
    """
    try:
        bare = _handshake(target, _trusting_nothing())
        with bare:
            encoded = bare.getpeercert(binary_form=True)
        if encoded is None:
            return None
        with _handshake(target, _trusting(ssl.DER_cert_to_PEM_cert(encoded))) as connection:
            return certificate_of(connection)
    except OSError:
        return None


def _handshake(target: Target, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = opened(target)
    try:
        return context.wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


def _trusting_nothing() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to look: no event is sent over this connection
    return context


def _trusting(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return the most telling part of a distinguished name."""
    values = dict(_flat(parts))
    wanted = ("organizationName", "organizationalUnitName", "commonName")
    return ", ".join(dict.fromkeys(values[name] for name in wanted if name in values))


def _flat(parts: tuple[tuple[tuple[str, str], ...], ...]) -> Iterator[tuple[str, str]]:
    for part in parts:
        yield from part
