"""The retry policy: what an answer means, and how long to wait. No network, no clock, no state."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from growingio_tracker.exceptions import GrowingParamException


class Verdict(Enum):
    """What an answer means for the batch."""

    DELIVERED = auto()
    RETRY = auto()
    """The server may take the same request later."""
    SPLIT = auto()
    """One of the events is to blame, or there are too many: find out by halving."""
    MISCONFIGURED = auto()
    """The address or the access is wrong; no event is to blame."""


_CALLER_WAITS_S: Final = 10.0
_RETRIED: Final = frozenset({408, 425, 429})
_SPLIT: Final = frozenset({400, 413, 422})


def verdict(status: int) -> Verdict:
    """Return what a status means."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status in _RETRIED or 500 <= status < 600:
        return Verdict.RETRY
    if status in _SPLIT:
        return Verdict.SPLIT
    return Verdict.MISCONFIGURED


class RetryPolicy(Struct, frozen=True):
    """How often and how long apart.

    :param limit: repeats of a request within one round; 0 tries once.
    :param backoff_factor: seconds; the wait before repeat *n* (from 0) is random between 0 and
        ``backoff_factor * 2**n``. 0 repeats at once.
    :param backoff_cap_s: no such wait is longer.
    :param retry_after_cap_s: a server's ``Retry-After`` is obeyed up to this.
    :param full_rounds: after so many rounds in a row without success, a round is one request
        only, until one succeeds; ``None`` never shortens a round.
    :param probe_interval_s: seconds between such requests.
    :param misconfigured_interval_s: the same after an answer that says the address is wrong.
    """

    limit: int = 3
    backoff_factor: float = 0.25
    backoff_cap_s: float = 30.0
    retry_after_cap_s: float = 300.0
    full_rounds: int | None = 2
    probe_interval_s: float = 10.0
    misconfigured_interval_s: float = 60.0

    def __post_init__(self) -> None:
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GrowingParamException(
                f"retry_limit must be an int of at least 0, got {self.limit!r}"
            )
        check_seconds(self.backoff_factor, "retry_backoff_factor")

    @staticmethod
    def without_rest(limit: int, backoff_factor: float) -> RetryPolicy:
        """Return a policy for callers' threads: whole rounds, no rest, and no long waits for one.

        ``Retry-After`` is obeyed up to 10 s: somebody's request handler is waiting.
        """
        return RetryPolicy(
            limit,
            backoff_factor,
            retry_after_cap_s=_CALLER_WAITS_S,
            full_rounds=None,
            probe_interval_s=0.0,
            misconfigured_interval_s=0.0,
        )

    def backoff_s(self, repeat: int, draw: Callable[[], float] = random.random) -> float:
        """Return the wait before repeat number ``repeat`` (from 0); ``draw`` gives 0 to 1."""
        # The exponent is bounded so that no number of repeats overflows a float.
        return draw() * min(self.backoff_cap_s, self.backoff_factor * 2.0 ** min(repeat, 60))

    def retry_after_s(self, headers: Mapping[str, str], now: datetime) -> float:
        """Return the seconds that the server asked for, capped; 0 if it did not."""
        value = headers.get("retry-after", "").strip()
        seconds = _seconds(value) if value else 0.0
        if seconds is None:
            seconds = _seconds_until(value, now)
        return min(self.retry_after_cap_s, max(0.0, seconds))

    def rest_s(self, failed_rounds: int) -> float:
        """Return how long to leave a failing server alone after so many rounds in a row."""
        return min(self.probe_interval_s, self.probe_interval_s / 8 * 2.0 ** min(failed_rounds, 60))

    def repeats(self, failed_rounds: int) -> int:
        """Return the repeats that a round may make: none once the server is known to fail."""
        known_to_fail = self.full_rounds is not None and failed_rounds >= self.full_rounds
        return 0 if known_to_fail else self.limit


def check_seconds(value: object, argument: str, *, above: float | None = None) -> float:
    """Return ``value`` as seconds: a finite number of at least 0, or more than ``above``.

    :raises GrowingParamException: otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise GrowingParamException(f"{argument} must be a number of seconds, got {value!r}")
    if value < 0 or (above is not None and value <= above):
        bound = "at least 0" if above is None else f"more than {above}"
        raise GrowingParamException(f"{argument} must be {bound} seconds, got {value!r}")
    return float(value)


def _seconds(value: str) -> float | None:
    return float(value) if value.isdecimal() and value.isascii() else None


def _seconds_until(value: str, now: datetime) -> float:
    # Half as slow to import as this whole package, and hardly a server names a date.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=timezone.utc)
    return (then - now).total_seconds()
