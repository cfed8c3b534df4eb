"""Reasons for rejecting a certificate, and how to fix each of them."""

from __future__ import annotations

import ssl
from typing import Final, NamedTuple

from growingio_cli.doctor import Finding
from growingio_cli.doctor.certificates import ServerCertificate
from growingio_cli.doctor.setup import Setup
from growingio_wire.said import NOTHING, Said

# OpenSSL's codes for problems of a certificate.
_NOT_YET: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_WRONG_NAME: Final = (62, 64)  # another host's name, another address


def explain_refusal(
    setup: Setup, error: ssl.SSLCertVerificationError, chain: list[ServerCertificate]
) -> Finding:
    """Return everything that is wrong with a server's certificate: OpenSSL tells the first only.

    :param chain: what the server sent, its own certificate first; empty if unknown.
    """
    reasons = [_refusal(setup, error, chain)]
    if error.verify_code != _EXPIRED and _ended(chain):
        reasons.append(_expired(chain))
    if error.verify_code not in _WRONG_NAME and chain and not chain[0].is_for(setup.route.host):
        reasons.append(_for_another_host(setup, chain))
    return Finding(
        "tls",
        "bad",
        Said("; ".join(one.said.en for one in reasons), "；".join(one.said.zh for one in reasons)),
        Said(" ".join(one.fix.en for one in reasons), "".join(one.fix.zh for one in reasons)),
    )


class _Refusal(NamedTuple):
    """One thing that is wrong with a certificate, and what to do."""

    said: Said
    fix: Said


def _refusal(
    setup: Setup, error: ssl.SSLCertVerificationError, chain: list[ServerCertificate]
) -> _Refusal:
    if error.verify_code in _WRONG_NAME:
        return _for_another_host(setup, chain)
    if error.verify_code == _EXPIRED:
        return _expired(chain)
    if error.verify_code == _NOT_YET:
        return _NOT_VALID_YET
    if error.verify_code == _SELF_SIGNED:
        return _self_signed(setup, chain)
    return _unknown_authority(error, chain)


def _for_another_host(setup: Setup, chain: list[ServerCertificate]) -> _Refusal:
    names = ", ".join(chain[0].names) if chain and chain[0].names else "?"
    said = Said(
        f"the certificate is for {names}, not for {setup.route.host}",
        f"证书属于 {names}，而不是 {setup.route.host}",
    )
    fix = Said(
        "Use one of these names in server_host, or have the server present the right certificate.",
        "请在 server_host 中使用上述名称，或让服务器出示正确的证书。",
    )
    return _Refusal(said, fix)


def _expired(chain: list[ServerCertificate]) -> _Refusal:
    ended = _ended(chain)
    said = Said(f"the certificate has expired{ended.en}", f"证书已过期{ended.zh}")
    return _Refusal(said, _RENEW)


def _ended(chain: list[ServerCertificate]) -> Said:
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
_NOT_VALID_YET: Final = _Refusal(
    Said("the certificate is not valid yet", "证书尚未生效"),
    Said(
        "Check this machine's clock. If it is right, the server has a wrong certificate.",
        "请检查本机时钟；如果时钟正确，则是服务器证书有误。",
    ),
)


def _self_signed(setup: Setup, chain: list[ServerCertificate]) -> _Refusal:
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
    return _Refusal(said, fix)


def _unknown_authority(
    error: ssl.SSLCertVerificationError, chain: list[ServerCertificate]
) -> _Refusal:
    signer = chain[-1].issuer if chain else "?"
    if len(chain) == 1:
        said = Said(
            f"the server sent only its own certificate, and {signer}, which signed it, is not a "
            f"trusted authority",
            f"服务器只发送了自己的证书，而签发它的 {signer} 不在受信任的机构中",
        )
        return _Refusal(said, _lonely(signer))
    said = Said(
        f"the certificate is not signed by a trusted authority; missing: {signer} "
        f"({error.verify_message})",
        f"证书不是由受信任的机构签发；缺少：{signer}（{error.verify_message}）",
    )
    return _Refusal(said, _untrusted(signer))


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
