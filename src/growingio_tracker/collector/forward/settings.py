"""Where received requests are forwarded to, and how."""

import math
from collections.abc import Collection, Iterable
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from growingio_tracker.exceptions import GrowingParamException

DAY_S: Final = 86_400.0
DEFAULT_TIMEOUT_S: Final = 10.0
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared


class Forwarding(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector does with a request after it has stored it.

    :param url: the server, ``https://HOST`` or ``http://HOST``, with a path when the requests'
        paths are to be put behind one. Certificates are checked against the system's authorities.
    :param only: ``"all"``, the default, or ``"good"``: a request in which one event is bad is
        held back.
    :param timeout_s: seconds for connecting, and again for the answer; 10 by default.
    :param sync: True waits for the server and gives the client its status and its answer, and
        nothing is tried twice. False, the default, answers at once and forwards afterwards.
    :param keep_trying_s: seconds, a day by default: a request that failed, and has waited longer
        than this, is not tried again. 0 tries once.
    :raises GrowingParamException: one of them cannot be used.
    """

    url: str
    only: Literal["all", "good"] = "all"
    timeout_s: float = DEFAULT_TIMEOUT_S
    sync: bool = False
    keep_trying_s: float = DAY_S

    def __post_init__(self) -> None:
        check_url("forward", self.url)
        if self.only not in ("all", "good"):
            raise GrowingParamException(f"only: {self.only!r} is neither 'all' nor 'good'.")
        _check_seconds("timeout_s", self.timeout_s, above_zero=True)
        _check_seconds("keep_trying_s", self.keep_trying_s, above_zero=False)

    def check_leads_away(self, own_ports: Iterable[int]) -> None:
        """Refuse a collector that would forward to itself, without end.

        :raises GrowingParamException: the address is this machine's, with one of ``own_ports``.
        """
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if port in own_ports and parts.hostname in _THIS_MACHINE:
            raise GrowingParamException(
                f"forward: {self.url} is the collector itself. Give the address of another server."
            )

    def check_keeps_bodies(self, redact: Collection[str]) -> None:
        """Refuse to forward requests whose bodies are not kept.

        :raises GrowingParamException: values are to be hidden before anything is stored.
        """
        if redact:
            raise GrowingParamException(
                "redact: what is forwarded is sent from the store, which keeps no body when values "
                "are hidden. Leave out either redact or forward."
            )


def _check_seconds(argument: str, seconds: float, *, above_zero: bool) -> None:
    if not math.isfinite(seconds) or seconds < 0 or (above_zero and seconds == 0):
        least = "more than 0" if above_zero else "0 or more"
        raise GrowingParamException(f"{argument}: {seconds} is not a number of seconds, {least}.")


def check_url(argument: str, url: str) -> SplitResult:
    """Return the parts of a server's address.

    :param argument: what the caller calls it.
    :raises GrowingParamException: it is not ``http://`` or ``https://`` and a host, or has more
        than a path behind that.
    """
    parts = _parts(url)
    if parts is None:
        raise GrowingParamException(
            f"{argument}: {url.rpartition('@')[2][:100]!r} is not the address of a server. "
            "Give http:// or https://, a host, and a port if it has one."
        )
    # A password would be shown on the page; a query would have to be mixed with the client's own.
    if parts.username is not None or parts.query or parts.fragment:
        raise GrowingParamException(
            f"{argument}: give only scheme, host, port and path, without a user, ? or #."
        )
    return parts


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isascii() and url.isprintable() and " " not in url else None
