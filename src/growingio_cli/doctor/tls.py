"""Check of TLS: the handshake, and why a certificate is rejected and how to fix that."""

from __future__ import annotations

import ssl
from ssl import SSLCertVerificationError
from typing import Any, Final, TypeAlias

from growingio_cli.doctor.findings import Finding
from growingio_cli.doctor.setup import (
    ServerCertificate,
    Setup,
    sent_chain,
    shake_hands,
    trusted_chain,
)
from growingio_wire.said import NOTHING, Said

_SOON_DAYS: Final = 21

# OpenSSL's codes for problems of a certificate.
_NOT_YET: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_WRONG_NAME: Final = (62, 64)  # another host's name, another address

_Chain: TypeAlias = list[ServerCertificate]


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
    except SSLCertVerificationError as error:
        return _explained(setup, error, sent_chain(setup))
    except OSError as error:
        return _no_handshake(setup, error)


def _bad(said: Said, fix: Said) -> Finding:
    return Finding("tls", "bad", said, fix)


def _no_handshake(setup: Setup, error: OSError) -> Finding:
    """Return why the port that was reached does not complete a handshake."""
    if isinstance(error, TimeoutError):
        seconds = f"{setup.timeout_s:g}"
        said = Said(
            f"the port is open but silent: no TLS handshake within {seconds} s",
            f"端口可以连接但没有响应：{seconds} 秒内没有完成 TLS 握手",
        )
        return _bad(said, _SILENT)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return _bad(_CLOSED, _NO_TLS)
    reason = getattr(error, "reason", None) or str(error)
    if reason in _PLAIN_ANSWERS:
        said = Said(f"the server does not speak TLS ({reason})", f"服务器没有使用 TLS（{reason}）")
    else:
        said = Said(f"the TLS handshake failed: {reason}", f"TLS 握手失败：{reason}")
    return _bad(said, _NO_TLS)


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


def _accepted(chain: _Chain, version: str) -> Finding:
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


def _explained(setup: Setup, error: SSLCertVerificationError, chain: _Chain) -> Finding:
    """Return everything that is wrong with a server's certificate: OpenSSL tells the first only.

    :param chain: what the server sent, its own certificate first; empty if unknown.
    """
    reasons = [_refusal(setup, error, chain)]
    if error.verify_code != _EXPIRED and _ended(chain):
        reasons.append(_expired(chain))
    if error.verify_code not in _WRONG_NAME and chain and not chain[0].is_for(setup.route.host):
        reasons.append(_for_another_host(setup, chain))
    return _bad(
        Said("; ".join(one.said.en for one in reasons), "；".join(one.said.zh for one in reasons)),
        Said(" ".join(one.fix.en for one in reasons), "".join(one.fix.zh for one in reasons)),
    )


def _refusal(setup: Setup, error: SSLCertVerificationError, chain: _Chain) -> Finding:
    if error.verify_code in _WRONG_NAME:
        return _for_another_host(setup, chain)
    if error.verify_code == _EXPIRED:
        return _expired(chain)
    if error.verify_code == _NOT_YET:
        return _NOT_VALID_YET
    if error.verify_code == _SELF_SIGNED:
        return _self_signed(setup, chain)
    return _unknown_authority(error, chain)


def _for_another_host(setup: Setup, chain: _Chain) -> Finding:
    names = ", ".join(chain[0].names) if chain and chain[0].names else "?"
    said = Said(
        f"the certificate is for {names}, not for {setup.route.host}",
        f"证书属于 {names}，而不是 {setup.route.host}",
    )
    fix = Said(
        "Use one of these names in server_host, or have the server present the right certificate.",
        "请在 server_host 中使用上述名称，或让服务器出示正确的证书。",
    )
    return _bad(said, fix)


def _expired(chain: _Chain) -> Finding:
    ended = _ended(chain)
    said = Said(f"the certificate has expired{ended.en}", f"证书已过期{ended.zh}")
    return _bad(said, _RENEW)


def _ended(chain: _Chain) -> Said:
    """Return, for the end of a sentence, which certificate expired and when; nothing if none."""
    one = next((one for one in chain if one.days_left < 0), None)
    if one is None:
        return NOTHING
    when = f"{one.until:%Y-%m-%d %H:%M} UTC"
    return Said(f": {one.subject}, {when}", f"：{one.subject}，{when}")


_RENEW: Final = Said(
    "Ask the server's operator to renew it. If that time is in the future, set this machine's "
    "clock.",
    "请通知服务器管理员更换证书；如果该时间尚未到来，请校准本机时钟。",
)
_NOT_VALID_YET: Final = _bad(
    Said("the certificate is not valid yet", "证书尚未生效"),
    Said(
        "Check this machine's clock. If it is right, the server has a wrong certificate.",
        "请检查本机时钟；如果时钟正确，则是服务器证书有误。",
    ),
)


def _self_signed(setup: Setup, chain: _Chain) -> Finding:
    subject = chain[0].subject if chain else setup.route.host
    said = Said(f"the certificate of {subject} is self-signed", f"{subject} 使用自签名证书")
    save = (
        f"openssl s_client -connect {setup.route.host}:{setup.route.port} </dev/null | openssl x509"
    )
    fix = Said(
        f"If this is your own server, save its certificate ({save} >server.pem), compare it with "
        "the one on the server, and set verify_cert to the path of the file. Otherwise something "
        "on the network path may be impersonating the server.",
        f"如果是自己的服务器，请保存它的证书（{save} >server.pem），与服务器上的证书核对后，"
        "把 verify_cert 设为该文件的路径；否则可能是中间设备冒充了服务器。",
    )
    return _bad(said, fix)


def _unknown_authority(error: SSLCertVerificationError, chain: _Chain) -> Finding:
    signer = chain[-1].issuer if chain else "?"
    if len(chain) == 1:
        said = Said(
            f"the server sent only its own certificate, and {signer}, which signed it, is not a "
            f"trusted authority",
            f"服务器只发送了自己的证书，而签发它的 {signer} 不在受信任的机构中",
        )
        return _bad(said, _lonely(signer))
    said = Said(
        f"the certificate is not signed by a trusted authority; missing: {signer} "
        f"({error.verify_message})",
        f"证书不是由受信任的机构签发；缺少：{signer}（{error.verify_message}）",
    )
    return _bad(said, _untrusted(signer))


def _lonely(signer: str) -> Said:
    return Said(
        f"If {signer} belongs to a public authority, the chain is incomplete: ask the server's "
        f"operator to send the intermediate certificates as well. If it is yours, {_SAVE_IT.en}",
        f"如果 {signer} 属于公共机构，则证书链不完整：请让服务器管理员一并发送中间证书。"
        f"如果是自建的机构，{_SAVE_IT.zh}",
    )


def _untrusted(signer: str) -> Said:
    return Said(
        f"If you trust {signer}, {_SAVE_IT.en} If you do not know it, something on the network "
        "path, such as a proxy that inspects TLS, replaces the certificate.",
        f"如果信任 {signer}，{_SAVE_IT.zh}如果从未听说过它，"
        "则可能是解密 TLS 的代理等中间设备替换了证书。",
    )


_SAVE_IT: Final = Said(
    "save its certificate as a PEM file and set verify_cert to the path of the file.",
    "请把它的证书存为 PEM 文件，并把 verify_cert 设为该文件的路径。",
)
