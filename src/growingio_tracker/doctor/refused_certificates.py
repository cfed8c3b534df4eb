"""Why a certificate is refused, and what to do about it."""

from __future__ import annotations

import ssl
from typing import Final

from growingio_tracker.doctor.certificates import Certificate
from growingio_tracker.doctor.finding import Finding, finding
from growingio_tracker.doctor.target import Target

_NOT_YET: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_WRONG_NAME: Final = (62, 64)
"""OpenSSL's numbers of what is wrong; the last two: another host's name, another address."""


def explain_refusal(
    target: Target, error: ssl.SSLCertVerificationError, chain: list[Certificate]
) -> Finding:
    """Return what is wrong with a server's certificate.

    :param chain: what the server sent, its own certificate first; empty when it is not known.
    """
    if error.verify_code in _WRONG_NAME:
        return _for_another_host(target, chain)
    if error.verify_code == _EXPIRED:
        return _expired(chain)
    if error.verify_code == _NOT_YET:
        said = ("the certificate is not valid yet", "证书尚未生效")
        return finding("tls", "bad", said, _CLOCK)
    if error.verify_code == _SELF_SIGNED:
        return _self_signed(target, chain)
    return _unknown_authority(error, chain)


def _for_another_host(target: Target, chain: list[Certificate]) -> Finding:
    names = ", ".join(chain[0].names) if chain and chain[0].names else "?"
    said = (
        f"the certificate is for {names}, not for {target.host}",
        f"证书属于 {names}，而不是 {target.host}",
    )
    fix = (
        "Use one of these names in server_host, or let the server present the right certificate.",
        "请在 server_host 中使用上述名称，或让服务器出示正确的证书。",
    )
    return finding("tls", "bad", said, fix)


def _expired(chain: list[Certificate]) -> Finding:
    ended, ended_zh = _ended(chain)
    said = (f"the certificate has expired{ended}", f"证书已过期{ended_zh}")
    return finding("tls", "bad", said, _RENEW)


def _ended(chain: list[Certificate]) -> tuple[str, str]:
    """Return, for the end of a sentence, which one has ended and when; empty when none has."""
    one = next((one for one in chain if one.days_left < 0), None)
    if one is None:
        return "", ""
    when = f"{one.until:%Y-%m-%d %H:%M} UTC"
    return f": {one.subject}, {when}", f"：{one.subject}，{when}"


_RENEW: Final = (
    "Let the server's operator renew it; if that time is still to come, set this machine's clock.",
    "请通知服务器管理员更换证书；如果该时间尚未到来，请校准本机时钟。",
)
_CLOCK: Final = (
    "Check this machine's clock; if it is right, the server has a wrong certificate.",
    "请检查本机时钟；如果时钟正确，则是服务器证书有误。",
)


def _self_signed(target: Target, chain: list[Certificate]) -> Finding:
    subject = chain[0].subject if chain else target.host
    said = (
        f"{subject} signed its certificate itself; nobody else stands for it",
        f"{subject} 使用自签名证书，没有其他机构为它担保",
    )
    save = f"openssl s_client -connect {target.host}:{target.port} </dev/null | openssl x509"
    fix = (
        f"If this is your own server, save its certificate ({save} >server.pem), compare it with "
        "the one on the server, and set verify_cert to the file's path. Otherwise something "
        "between here and the server answers in its place.",
        f"如果是自己的服务器，请保存它的证书（{save} >server.pem），与服务器上的证书核对后，"
        "把 verify_cert 设为该文件的路径；否则可能是中间设备冒充了服务器。",
    )
    return finding("tls", "bad", said, fix)


def _unknown_authority(error: ssl.SSLCertVerificationError, chain: list[Certificate]) -> Finding:
    signer = chain[-1].issuer if chain else "?"
    ended, ended_zh = _ended(chain)
    also = f"; it has also expired{ended}" if ended else ""
    also_zh = f"；而且证书已过期{ended_zh}" if ended else ""
    if len(chain) == 1:
        said = (
            f"the server sent its own certificate only, and {signer}, which signed that, is not "
            f"among the trusted authorities{also}",
            f"服务器只发送了自己的证书，而签发它的 {signer} 不在受信任的机构中{also_zh}",
        )
        return finding("tls", "bad", said, _lonely(signer))
    said = (
        f"no trusted authority stands behind the certificate; missing: {signer} "
        f"({error.verify_message}){also}",
        f"证书不是由受信任的机构签发；缺少：{signer}（{error.verify_message}）{also_zh}",
    )
    return finding("tls", "bad", said, _untrusted(signer))


def _lonely(signer: str) -> tuple[str, str]:
    return (
        f"If {signer} belongs to a public authority, the chain is incomplete: let the server's "
        "operator send the intermediate certificates, too. If it is an authority of your own, "
        "save its certificate as a PEM file and set verify_cert to the file's path.",
        f"如果 {signer} 属于公共机构，则证书链不完整：请让服务器管理员一并发送中间证书。"
        "如果是自建的机构，请把它的证书存为 PEM 文件，并把 verify_cert 设为该文件的路径。",
    )


def _untrusted(signer: str) -> tuple[str, str]:
    return (
        f"If you trust {signer}, save its certificate as a PEM file and set verify_cert to the "
        "file's path. If you have never heard of it, something between here and the server, such "
        "as a proxy that looks into TLS, replaces the certificate.",
        f"如果信任 {signer}，请把它的证书存为 PEM 文件，并把 verify_cert 设为该文件的路径。"
        "如果从未听说过它，则可能是解密 TLS 的代理等中间设备替换了证书。",
    )
