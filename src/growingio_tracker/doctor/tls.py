"""TLS: whether the server's certificate is trusted, and what is wrong with it if not."""

from __future__ import annotations

import ssl
from typing import Final

from growingio_tracker.doctor.certificates import Certificate, sent_chain, trusted_chain
from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.proxies import opened
from growingio_tracker.doctor.refused_certificates import explain_refusal
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.transport.http import _ssl_context

_SOON_DAYS: Final = 21


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
                return _accepted(target, trusted_chain(connection), connection.version() or "TLS")
    except GrowingParamException as error:
        return finding("tls", "bad", (str(error), f"verify_cert 无法使用：{error}"), _NO_FILE)
    except ssl.SSLCertVerificationError as error:
        return explain_refusal(target, error, sent_chain(target))
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


def _accepted(target: Target, chain: list[Certificate], version: str) -> Finding:
    if target.verify_cert is False or not chain:
        said = (f"{version}; the certificate is not checked", f"{version}，未校验证书")
        return finding("tls", "warn", said, _UNCHECKED)
    subject, days = chain[0].subject, chain[0].days_left
    signers = [one.issuer for one in chain if not one.is_self_signed] or [subject]
    said = (
        f"{version}; certificate of {subject}, {days} days left; signed by "
        + ", which is signed by ".join(signers),
        f"{version}；证书 {subject}，剩余 {days} 天；签发链：{' ← '.join(signers)}",
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
