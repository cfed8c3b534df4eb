"""What a collector is told when it starts, checked here."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from growingio_tracker.exceptions import GrowingParamException

LOOPBACK: Final = "127.0.0.1"
LANGUAGES: Final = ("auto", "zh-CN", "en")

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._\-]+|\[[0-9a-fA-F:]+\]")


@dataclass(frozen=True, kw_only=True)
class Serving:
    """Where a collector listens, and who may look at what it has.

    :param bind: the address of this machine to listen on. The default is reachable from this
        machine only; with any other, such as ``"0.0.0.0"``, the page and the API ask for a token.
    :param more_ports: ports to listen on beside the first.
    :param tls_port: one more port, with TLS and a certificate made for it; None means none.
    :param next_port: whether to take the next free port when the first is in use.
    :param allow_hosts: names, without port, by which the page and the API may be asked for,
        besides those of the loopback interface.
    :param api_cors: origins (``"https://tool.example"``) whose pages may use the API.
    :param data_folder: where the certificate is kept; None means the user's data folder.
    :param lang: the language of the page: ``"auto"`` (the browser's), ``"zh-CN"`` or ``"en"``.
    :raises GrowingParamException: one of them has a form that cannot be meant.
    """

    bind: str = LOOPBACK
    more_ports: tuple[int, ...] = ()
    tls_port: int | None = None
    next_port: bool = False
    allow_hosts: tuple[str, ...] = ()
    api_cors: tuple[str, ...] = ()
    data_folder: Path | None = None
    lang: str = "auto"

    def __post_init__(self) -> None:
        if not _is_address(self.bind):
            raise GrowingParamException(
                f"bind: {self.bind!r} is not an address such as 127.0.0.1 or 0.0.0.0."
            )
        for host in self.allow_hosts:
            if not _HOST.fullmatch(host):
                raise GrowingParamException(
                    f"allow_hosts: {host!r} is not a name such as host.docker.internal; "
                    "give it without scheme and port."
                )
        for origin in self.api_cors:
            if not _ORIGIN.fullmatch(origin):
                raise GrowingParamException(
                    f"api_cors: {origin!r} is not an origin such as https://tool.example; "
                    "give scheme, host and port, and nothing behind them."
                )
        if self.lang not in LANGUAGES:
            raise GrowingParamException(
                f"lang: {self.lang!r} is not known; choose {', '.join(LANGUAGES)}."
            )

    @property
    def open_to_others(self) -> bool:
        """Whether other machines may reach it."""
        return not ipaddress.ip_address(self.bind).is_loopback


def _is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Handling:
    """What is done with what arrives.

    :param strict: whether a request with a bad event is answered 400 and the reasons, instead of
        204. Java and mini-program SDKs send such a request again.
    :param redact: keys whose values are replaced by ``***`` before anything is stored, wherever
        they stand in a message. The bodies, which hold them too, are then not kept at all.
    """

    strict: bool = False
    redact: tuple[str, ...] = ()
