"""Self-made certificate for this machine's names, kept in the user's data directory."""

import datetime
import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from growingio_wire.errors import invalid, missing_extra
from growingio_wire.said import Said

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
except ModuleNotFoundError as error:
    raise missing_extra(
        Said("TLS in the local collector", "本地采集器的 TLS"), "collector-tls"
    ) from error

_NAME: Final = "growingio-collector"
_DAYS: Final = 365
_RENEWED_DAYS_BEFORE: Final = 7


class Certificate(NamedTuple):
    """The files of a certificate and of its private key, both PEM."""

    certificate: Path
    key: Path


def data_folder() -> Path:
    """Return the folder for what this user's programs keep on this system."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "growingio"


def certificate_for(names: Sequence[str], folder: Path | None = None) -> Certificate:
    """Return the kept certificate if it still fits, or a new one in its place.

    :param names: host names and addresses it must be valid for.
    :param folder: where it is kept; None means the user's data folder.
    :raises GrowingParamException: if the folder cannot be written to.
    """
    folder = folder or data_folder()
    kept = Certificate(folder / "collector.crt", folder / "collector.key")
    try:
        if not _fits(kept, names):
            folder.mkdir(parents=True, exist_ok=True)
            _make(kept, names)
    except OSError as error:
        raise invalid(
            f"tls: the certificate cannot be stored in {folder} ({error.strerror}). "
            "Make that directory writable.",
            f"tls：无法把证书保存到 {folder}（{error.strerror}）。请使该目录可写。",
        ) from error
    return kept


def _fits(kept: Certificate, names: Sequence[str]) -> bool:
    if not (kept.certificate.exists() and kept.key.exists()):
        return False
    try:
        found = x509.load_pem_x509_certificate(kept.certificate.read_bytes())
        valid_for = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    remaining = found.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    return remaining.days >= _RENEWED_DAYS_BEFORE and set(map(_general, names)) <= set(valid_for)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _make(kept: Certificate, names: Sequence[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(list(map(_general, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_secret(kept.key, secret)
    kept.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
