"""What is wrong with the times of a message and of its request."""

from collections.abc import Iterator
from typing import Final

from growingio_tracker.collector.problems.problem import Problem

_S: Final = 1000
_DAY: Final = 24 * 3600 * _S

MAX_AGE_MS: Final = 7 * _DAY
"""An event this much older than its receipt is worth a word."""

MAX_AHEAD_MS: Final = 60 * _S
"""Clocks differ a little; this much they do not."""

_MAX_STM_OFF_MS: Final = 5 * 60 * _S

# 1973 to 5138 in seconds; read as milliseconds they would be before 1973, and no event is.
_SECONDS: Final = range(10**8, 10**11)
# After the year 5138 in milliseconds: microseconds or nanoseconds.
_FINER: Final = 10**14


def time_problems(timestamp: int, received_us: int) -> Iterator[Problem]:
    """Yield what is wrong with an event's ``timestamp`` (milliseconds), received then."""
    ahead = timestamp - received_us // 1000
    if timestamp in _SECONDS:
        yield Problem("time_in_seconds", "timestamp", {"shown": timestamp})
    elif timestamp >= _FINER:
        yield Problem("time_too_fine", "timestamp", {"shown": timestamp})
    elif ahead > MAX_AHEAD_MS:
        yield Problem("time_in_future", "timestamp", {"seconds": ahead // _S})
    elif ahead < -MAX_AGE_MS:
        yield Problem("time_long_ago", "timestamp", {"days": -ahead // _DAY})


def stm_problems(stm: str | None, received_us: int) -> Iterator[Problem]:
    """Yield what is wrong with the time of sending that the query gives."""
    # What is no number matters only as a key, and is said where that is needed.
    if stm is None or not (stm.isascii() and stm.isdigit() and len(stm) < 20):
        return
    off = abs(int(stm) - received_us // 1000)
    if off > _MAX_STM_OFF_MS:
        yield Problem("stm_far_off", values={"seconds": off // _S})
