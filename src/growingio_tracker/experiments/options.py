"""How experiments are asked for."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.retry import check_seconds
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.transport.base import Transport
from growingio_tracker.transport.endpoints import base_url

DEFAULT_HOST: Final = "https://ab.growingio.com"


class ExperimentOptions(Struct, frozen=True):
    """How :meth:`~growingio_tracker.GrowingTracker.experiment` asks, and what it remembers.

    :param host: address of the experiment server, ``http://…`` or ``https://…``.
    :param timeout_s: seconds to connect, and again to wait for each read; above 0. The caller
        waits so long.
    :param cache_s: seconds for which an answer is given again without asking; 0 asks every time.
    :param cache_size: answers remembered at most, one for each visitor and layer; the one that
        was not asked for longest goes first. 0 remembers none.
    :param verify_cert: as for consumers: ``True``, ``False`` or the path of a PEM file.
    :param transport: what exchanges requests; ``None`` is HTTP. For tests.
    :param clock: the time. For tests.
    :raises GrowingParamException: when a value cannot be used; the message names it.
    """

    host: str = DEFAULT_HOST
    timeout_s: float = 5.0
    cache_s: float = 300.0
    cache_size: int = 10_000
    verify_cert: bool | str = True
    transport: Transport | None = None
    clock: Clock = SYSTEM_CLOCK

    def __post_init__(self) -> None:
        base_url(self.host, "ExperimentOptions: host")
        check_seconds(self.timeout_s, "ExperimentOptions: timeout_s", above=0)
        check_seconds(self.cache_s, "ExperimentOptions: cache_s")
        if isinstance(self.cache_size, bool) or not isinstance(self.cache_size, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GrowingParamException(
                f"ExperimentOptions: cache_size must be an int, got {self.cache_size!r}"
            )
        if self.cache_size < 0:
            raise GrowingParamException("ExperimentOptions: cache_size must be at least 0")
        if self.verify_cert is not True:
            # urllib3 takes a while to import, which hardly anybody has to wait for here.
            from growingio_tracker.transport.http import check_verify_cert  # noqa: PLC0415

            check_verify_cert(self.verify_cert, self.host)


DEFAULT_OPTIONS: Final = ExperimentOptions()
