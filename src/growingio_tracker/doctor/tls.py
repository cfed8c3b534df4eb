"""TLS: whether the server's certificate is trusted, and what is wrong with it if not."""

from __future__ import annotations

import ssl
from typing import Final

from growingio_tracker.doctor.certificates import Certificate, certificate_of, read_refused
from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.proxies import opened
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.transport.http import _ssl_context

_SOON_DAYS: Final = 21

_NOT_YET: Final = 9
_EXPIRED: Final = 10
_WRONG_NAME: Final = (62, 64)
"""OpenSSL's numbers of what is wrong: another host's name, another address."""


def look_at_tls(target: Target) -> Finding:
    """Shake hands with the server as a consumer does."""
    if not target.is_https:
        said = (
            "not used: server_host is an http:// address",
            "未使用：server_host 是 http:// 地址",
        )
        return finding("tls", "skipped", said, NO_FIX)
    if target.proxy is not None and target.proxy.scheme == "https":
        said = ("not looked at behind an https:// proxy", "经由 https:// 代理时不检查")
        return finding("tls", "skipped", said, NO_FIX)
    try:
        with opened(target) as plain:
            context = _ssl_context(target.verify_cert)
            with context.wrap_socket(plain, server_hostname=target.host) as connection:
                return _accepted(target, certificate_of(connection), connection.version() or "TLS")
    except GrowingParamException as error:
        return finding("tls", "bad", (str(error), f"verify_cert 无法使用：{error}"), _NO_FILE)
    except ssl.SSLCertVerificationError as error:
        return _refused(target, error, read_refused(target))
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        said = (f"the server does not speak TLS: {reason}", f"服务器没有使用 TLS：{reason}")
        return finding("tls", "bad", said, _NO_TLS)
    except OSError as error:
        said = (f"no TLS connection: {error}", f"无法建立 TLS 连接：{error}")
        return finding("tls", "bad", said, _NO_TLS)


_NO_FILE: Final = (
    "Set verify_cert to the PEM file of the server's authority, or leave it out.",
    "请把 verify_cert 设为服务器签发机构的 PEM 文件，或去掉该项。",
)
_NO_TLS: Final = (
    "Check the port in server_host, and whether it should begin with http://.",
    "请检查 server_host 中的端口，以及是否应以 http:// 开头。",
)


def _accepted(target: Target, certificate: Certificate | None, version: str) -> Finding:
    if target.verify_cert is False or certificate is None:
        said = (f"{version}; the certificate is not checked", f"{version}，未校验证书")
        return finding("tls", "warn", said, _UNCHECKED)
    subject, issuer, days = certificate.subject, certificate.issuer, certificate.days_left
    said = (
        f"{version}; certificate of {subject} by {issuer}, {days} days left",
        f"{version}；证书 {subject}，由 {issuer} 签发，剩余 {days} 天",
    )
    if days < _SOON_DAYS:
        return finding("tls", "warn", said, _RENEW)
    return finding("tls", "ok", said, NO_FIX)


_UNCHECKED: Final = (
    "Set verify_cert to true, or to the PEM file of the server's authority: anyone between here "
    "and there can read and change the events.",
    "请把 verify_cert 设为 true 或签发机构的 PEM 文件：否则途中任何人都能读取和篡改事件。",
)
_RENEW: Final = (
    "Let the server's operator renew the certificate in time.",
    "请通知服务器管理员及时更换证书。",
)


def _refused(
    target: Target, error: ssl.SSLCertVerificationError, found: Certificate | None
) -> Finding:
    if error.verify_code in _WRONG_NAME:
        return _for_another_host(target, found)
    if error.verify_code == _EXPIRED:
        return _expired(found)
    if error.verify_code == _NOT_YET:
        said = ("the certificate is not valid yet", "证书尚未生效")
        return finding("tls", "bad", said, _CLOCK)
    return _unknown_authority(error, found)


def _for_another_host(target: Target, found: Certificate | None) -> Finding:
    names = ", ".join(found.names) if found and found.names else "?"
    said = (
        f"the certificate is for {names}, not for {target.host}",
        f"证书属于 {names}，而不是 {target.host}",
    )
    fix = (
        "Use one of these names in server_host, or let the server present the right certificate.",
        "请在 server_host 中使用上述名称，或让服务器出示正确的证书。",
    )
    return finding("tls", "bad", said, fix)


def _expired(found: Certificate | None) -> Finding:
    when = f"{found.until:%Y-%m-%d %H:%M} UTC" if found else "?"
    said = (f"the certificate expired: {when}", f"证书已过期：{when}")
    fix = (
        "Let the server's operator renew it; if that time is still to come, set this machine's "
        "clock.",
        "请通知服务器管理员更换证书；如果该时间尚未到来，请校准本机时钟。",
    )
    return finding("tls", "bad", said, fix)


_CLOCK: Final = (
    "Check this machine's clock; if it is right, the server has a wrong certificate.",
    "请检查本机时钟；如果时钟正确，则是服务器证书有误。",
)


def _unknown_authority(error: ssl.SSLCertVerificationError, found: Certificate | None) -> Finding:
    issuer = found.issuer if found else "?"
    said = (
        f"no trusted authority has signed the certificate; missing: {issuer} "
        f"({error.verify_message})",
        f"证书不是由受信任的机构签发；缺少：{issuer}（{error.verify_message}）",
    )
    fix = (
        f"If you trust {issuer}, save its certificate as a PEM file and set verify_cert to the "
        "file's path. If the authority is a public one, the server does not send its whole chain, "
        "or something between here and there replaces the certificate.",
        f"如果信任 {issuer}，请把它的证书存为 PEM 文件，并把 verify_cert 设为该文件的路径。"
        "如果它是公共机构，则可能是服务器没有发送完整的证书链，或中间设备替换了证书。",
    )
    return finding("tls", "bad", said, fix)
