"""Retries: which statuses are retried, how often and after which delays.

Statuses are interpreted here and nowhere else. Nothing here uses the network, a clock or state.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from growingio_wire.checks import check_seconds
from growingio_wire.errors import invalid

_RETRIED: Final = frozenset({408, 425, 429})
_SPLIT: Final = frozenset({400, 413, 422})


def _draw() -> float:
    """Return a random number from 0 to 1, which no forked process draws as well."""
    return int.from_bytes(os.urandom(7), "big") / 2**56


class Verdict(Enum):
    """Consequence of a response for the batch."""

    DELIVERED = auto()
    RETRY = auto()
    """The server may accept the same request later."""
    SPLIT = auto()
    """One of the events is invalid, or there are too many: split the batch to find out."""
    MISCONFIGURED = auto()
    """The address or the credentials are wrong; no event is invalid."""


def verdict(status: int) -> Verdict:
    """Return the verdict for a status."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status in _RETRIED or 500 <= status < 600:
        return Verdict.RETRY
    if status in _SPLIT:
        return Verdict.SPLIT
    return Verdict.MISCONFIGURED


_CALLER_WAITS_S: Final = 10.0
_LONGEST_RETRY_AFTER: Final = 1000


class RetryPolicy(Struct, frozen=True):
    """Number of retries, and the delays between them.

    :param limit: retries of a request within one round; 0 tries once.
    :param backoff_factor: seconds; the wait before retry *n* (from 0) is random between 0 and
        ``backoff_factor * 2**n``. 0 retries immediately.
    :param backoff_cap_s: maximum wait.
    :param jitter: the random share of the wait; 1 makes all of it random, so that many clients do
        not return at the same time.
    :param retry_after_cap_s: maximum ``Retry-After`` to respect.
    :param full_rounds: after this many failed rounds in a row, a round is a single request until
        one succeeds; ``None`` never shortens rounds.
    :param probe_interval_s: seconds between these requests.
    :param misconfigured_interval_s: the same after a response that the address is wrong.
    """

    limit: int = 3
    backoff_factor: float = 0.25
    backoff_cap_s: float = 30.0
    jitter: float = 1.0
    retry_after_cap_s: float = 300.0
    full_rounds: int | None = 2
    probe_interval_s: float = 10.0
    misconfigured_interval_s: float = 60.0

    def __post_init__(self) -> None:
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise invalid(
                f"retry_limit must be an int of at least 0, got {self.limit!r}",
                f"retry_limit 必须是不小于 0 的整数，而不是 {self.limit!r}",
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

    def backoff_s(self, repeat: int, draw: Callable[[], float] = _draw) -> float:
        """Return the wait before retry number ``repeat`` (from 0); ``draw`` returns 0 to 1."""
        # The exponent is bounded so that no number of repeats overflows a float.
        whole = min(self.backoff_cap_s, self.backoff_factor * 2.0 ** min(repeat, 60))
        return whole * (1.0 - self.jitter + self.jitter * draw())

    def retry_after_s(self, headers: Mapping[str, str]) -> float:
        """Return the server's ``Retry-After`` in seconds, capped; 0 without one."""
        value = headers.get("retry-after", "")
        return min(self.retry_after_cap_s, _asked_for_s(value)) if value else 0.0

    def pause_s(self, failed_rounds: int) -> float:
        """Return the pause in seconds after this many failed rounds in a row."""
        return min(self.probe_interval_s, self.probe_interval_s / 8 * 2.0 ** min(failed_rounds, 60))

    def repeats(self, failed_rounds: int) -> int:
        """Return the number of retries of a round: none while the server is known to fail."""
        known_to_fail = self.full_rounds is not None and failed_rounds >= self.full_rounds
        return 0 if known_to_fail else self.limit


def _asked_for_s(retry_after: str) -> float:
    # Slow to import, and hardly any server sends a date.
    from urllib3.exceptions import InvalidHeader  # noqa: PLC0415
    from urllib3.util import Retry  # noqa: PLC0415

    if len(retry_after) > _LONGEST_RETRY_AFTER:
        return math.inf if retry_after.isdecimal() and retry_after.isascii() else 0.0
    try:
        return max(0.0, Retry(0).parse_retry_after(retry_after))
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
