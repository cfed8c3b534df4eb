"""What an answer means, and how long to wait before the next try. No network, no clock."""

import random
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
MOST_RETRY_AFTER_S: Final = 3600.0
"""A server's ``Retry-After`` is obeyed up to this."""

TRIES_IN_ORDER: Final = 8
"""So often a failing request is tried before those behind it may pass: about a minute."""

_RETRIED: Final = frozenset({408, 425, 429})


class Fate(Enum):
    """What became of a request that was sent."""

    DONE = "done"
    RETRY = "waiting"
    FAILED = "failed"


def fate(status: int) -> Fate:
    """Return what a status means; 0 stands for no answer."""
    if 200 <= status < 300:
        return Fate.DONE
    if status in _RETRIED or status >= 500 or status == 0:
        return Fate.RETRY
    return Fate.FAILED


def backoff_s(failures: int, draw: Callable[[], float] = random.random) -> float:
    """Return the wait after so many failures in a row, from 1; ``draw`` gives 0 to 1.

    It doubles from half a second to half a minute, and at random only half of it is waited, so
    that several gateways do not come back at the same moment.
    """
    whole = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(failures - 1, 16))
    return whole * (1 + draw()) / 2


def retry_after_s(value: str | None, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` asks for, capped; 0 for none or nonsense."""
    text = (value or "").strip()
    if text.isdecimal() and text.isascii():
        # More digits than any wait worth waiting for, and than int() takes.
        seconds = MOST_RETRY_AFTER_S if len(text) > 9 else float(text)
    else:
        seconds = _seconds_until(text, now)
    return min(MOST_RETRY_AFTER_S, max(0.0, seconds))


def _seconds_until(text: str, now: datetime) -> float:
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=timezone.utc)
    return (then - now).total_seconds()
