"""TLS settings: trusted CAs, and a warning if verification is turned off."""

from __future__ import annotations

import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from growingio_wire.errors import invalid
from growingio_wire.logs import logger

_log: Final = logger("growingio_tracker.transport")


def make_context(verify_cert: bool | str) -> ssl.SSLContext:
    """Return a TLS context for ``verify_cert``.

    :param verify_cert: ``True`` trusts the system's authorities, a path only those in that PEM
        file; ``False`` verifies nothing.
    :raises GrowingParamException: if the file does not exist or contains no certificate.
    """
    if isinstance(verify_cert, str):
        return trusting(verify_cert)
    context = ssl.create_default_context()
    if not verify_cert:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def trusting(authorities: str) -> ssl.SSLContext:
    """Return a TLS context that trusts only the authorities in a PEM file.

    :raises GrowingParamException: if the file does not exist or contains no certificate.
    """
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise invalid(
            f"verify_cert={authorities!r} is not a readable PEM file of certificates: {error}",
            f"verify_cert 无法使用：{authorities!r} 不是可读的 PEM 证书文件（{error}）",
            "verify_cert",
        ) from error


def make_proxy_context(verify_cert: bool | str) -> ssl.SSLContext:
    """Return a TLS context for an ``https://`` proxy.

    It trusts the private authority and the system's, because either may have signed the proxy's
    certificate.
    """
    context = make_context(verify_cert is not False)
    if isinstance(verify_cert, str):
        context.load_verify_locations(cafile=verify_cert)
    return context


def warn_of_verification(verify_cert: bool | str, base_url: str) -> None:
    """Warn if certificates are not verified, or cannot be for lack of authorities."""
    if not base_url.startswith("https:"):
        return
    if verify_cert is False:
        _log.warning(
            "verify_cert=False: the certificate of %s is not checked, so anyone between here and "
            "there can read and change the events",
            base_url,
        )
    elif verify_cert is True and not _has_authorities():
        _log.warning(
            "this machine has no certificate authorities, so the certificate of %s cannot be "
            "verified and nothing can be sent to it; install them (the package is often called "
            "ca-certificates), or set verify_cert to the path of a PEM file",
            base_url,
        )


def _has_authorities() -> bool:
    # A look at the files, because reading them takes longer than all else that constructing does.
    if sys.platform == "win32":  # which has them elsewhere
        return True
    paths = ssl.get_default_verify_paths()
    with suppress(OSError):
        if paths.cafile and Path(paths.cafile).stat().st_size:
            return True
    with suppress(OSError):
        return bool(paths.capath and any(Path(paths.capath).iterdir()))
    return False
