"""Checks of TLS: the handshake, and whether the server's certificate is trusted."""

from __future__ import annotations

import ssl
from typing import Any, Final

from growingio_cli.doctor import Finding
from growingio_cli.doctor.certificates import (
    ServerCertificate,
    sent_chain,
    shake_hands,
    trusted_chain,
)
from growingio_cli.doctor.refusals import explain_refusal
from growingio_cli.doctor.setup import Setup
from growingio_wire.said import Said

_SOON_DAYS: Final = 21


def look_at_tls(setup: Setup) -> Finding:
    """Shake hands with the server as a consumer does."""
    if not setup.route.is_https:
        said = Said(
            "not used: server_host starts with http://", "未使用：server_host 以 http:// 开头"
        )
        return Finding("tls", "skipped", said)
    if setup.context is None:
        return WITHOUT_FILE
    try:
        connection: Any = shake_hands(setup, setup.context)
        with connection:
            is_verified = setup.context.verify_mode is not ssl.CERT_NONE
            chain = trusted_chain(connection) if is_verified else []
            return _accepted(chain, connection.version() or "TLS")
    except ssl.SSLCertVerificationError as error:
        return explain_refusal(setup, error, sent_chain(setup))
    except OSError as error:
        return _no_handshake(setup, error)


def _no_handshake(setup: Setup, error: OSError) -> Finding:
    """Return why the port that was reached does not complete a handshake."""
    if isinstance(error, TimeoutError):
        seconds = f"{setup.timeout_s:g}"
        said = Said(
            f"the port is open but silent: no TLS handshake within {seconds} s",
            f"端口可以连接但没有响应：{seconds} 秒内没有完成 TLS 握手",
        )
        return Finding("tls", "bad", said, _SILENT)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return Finding("tls", "bad", _CLOSED, _NO_TLS)
    reason = getattr(error, "reason", None) or str(error)
    if reason in _PLAIN_ANSWERS:
        said = Said(f"the server does not speak TLS ({reason})", f"服务器没有使用 TLS（{reason}）")
    else:
        said = Said(f"the TLS handshake failed: {reason}", f"TLS 握手失败：{reason}")
    return Finding("tls", "bad", said, _NO_TLS)


_PLAIN_ANSWERS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
)
"""OpenSSL's reasons when the other side answers with something else than TLS."""
_CLOSED: Final = Said(
    "the server closed the connection during the TLS handshake", "服务器在 TLS 握手时关闭了连接"
)
_SILENT: Final = Said(
    "Check that this port of the server is the one for HTTPS, and that no firewall or proxy holds "
    "the connection.",
    "请确认该端口是服务器的 HTTPS 端口，并且没有防火墙或代理拦住连接。",
)


WITHOUT_FILE: Final = Finding(  # the configuration's finding says why
    "tls",
    "skipped",
    Said("not checked: verify_cert cannot be used", "未检查：verify_cert 无法使用"),
)
_NO_TLS: Final = Said(
    "Check the port in server_host, and whether it should start with http://.",
    "请检查 server_host 中的端口，以及是否应以 http:// 开头。",
)


def _accepted(chain: list[ServerCertificate], version: str) -> Finding:
    if not chain:
        said = Said(f"{version}; the certificate is not verified", f"{version}，未校验证书")
        return Finding("tls", "warn", said, _UNVERIFIED)
    subject, days = chain[0].subject, chain[0].days_left
    signers = [one.issuer for one in chain if not one.is_self_signed] or [subject]
    said = Said(
        f"{version}; certificate of {subject}, {days} days left; signed by "
        + ", which is signed by ".join(signers),
        f"{version}；证书 {subject}，剩余 {days} 天；签发链：{' ← '.join(signers)}",
    )
    if days < _SOON_DAYS:
        return Finding("tls", "warn", said, _RENEW_SOON)
    return Finding("tls", "ok", said)


_UNVERIFIED: Final = Said(
    "Set verify_cert to true, or to the PEM file of the server's certificate authority: otherwise "
    "anyone on the network path can read and change the events.",
    "请把 verify_cert 设为 true 或签发机构的 PEM 文件：否则途中任何人都能读取和篡改事件。",
)
_RENEW_SOON: Final = Said(
    "Ask the server's operator to renew the certificate in time.",
    "请通知服务器管理员及时更换证书。",
)
