"""Rules of the times of messages and requests."""

from collections.abc import Iterator
from typing import Final

from growingio_collector.rules.issue import WARN, Issue, rule
from growingio_wire.clock import MICROSECONDS_FROM, MILLISECONDS_FROM, SECONDS_FROM
from growingio_wire.said import Said

_S: Final = 1000
_DAY: Final = 24 * 3600 * _S

MAX_AGE_MS: Final = 7 * _DAY
"""Age on receipt above which an event is reported."""

MAX_AHEAD_MS: Final = 60 * _S
"""Time ahead of receipt above which an event is reported; clocks differ by less."""

_MAX_STM_OFF_MS: Final = 5 * 60 * _S


TIME_IN_SECONDS: Final = rule(
    "time_in_seconds",
    WARN,
    Said(
        "{path} is {shown}, which looks like seconds.", "{path} 的值是 {shown}，看起来以秒为单位。"
    ),
    Said("Send Unix milliseconds: multiply by 1000.", "请发送 Unix 毫秒时间戳，即乘以 1000。"),
    headline=Said("A time in seconds", "时间以秒为单位"),
)
TIME_TOO_FINE: Final = rule(
    "time_too_fine",
    WARN,
    Said(
        "{path} is {shown}, which looks like microseconds or nanoseconds.",
        "{path} 的值是 {shown}，看起来以微秒或纳秒为单位。",
    ),
    Said("Send Unix milliseconds.", "请发送 Unix 毫秒时间戳。"),
    headline=Said("A time in microseconds or nanoseconds", "时间以微秒或纳秒为单位"),
)
TIME_IN_FUTURE: Final = rule(
    "time_in_future",
    WARN,
    Said(
        "The event is dated {seconds:,} s after its receipt.",
        "事件时间比接收时间晚 {seconds:,} 秒。",
    ),
    Said(
        "Check the clock of the sending machine, and send the time in UTC.",
        "请校准发送方的时钟，并使用 UTC 时间。",
    ),
    headline=Said("The event is dated in the future", "事件时间晚于接收时间"),
)
TIME_LONG_AGO: Final = rule(
    "time_long_ago",
    WARN,
    Said(
        "The event is dated {days:,} days before its receipt.", "事件时间比接收时间早 {days:,} 天。"
    ),
    Said(
        "Check the event time that you pass; without one, the SDK uses the current time.",
        "请检查传入的事件时间；不传时 SDK 会使用当前时间。",
    ),
    headline=Said("The event is dated long ago", "事件时间过早"),
)
STM_FAR_OFF: Final = rule(
    "stm_far_off",
    WARN,
    Said(
        "The request's stm is {seconds:,} s away from its receipt.",
        "请求的 stm 与接收时间相差 {seconds:,} 秒。",
    ),
    Said(
        "Send the current time in Unix milliseconds as stm, and check the clock of the machine.",
        "stm 应为发送时刻的 Unix 毫秒时间戳；请同时校准发送方的时钟。",
    ),
    headline=Said("The stm is far from the time of receipt", "stm 与接收时间相差过大"),
)


STM_NOT_A_TIME: Final = rule(
    "stm_not_a_time",
    WARN,
    Said("The request's stm is {shown}, which is not a time.", "请求的 stm 是 {shown}，不是时间。"),
    Said(
        "Send the current time in Unix milliseconds as stm, or omit it.",
        "stm 应为发送时刻的 Unix 毫秒时间戳，或者不发送。",
    ),
    headline=Said("The stm is not a time", "stm 不是时间"),
)
_SHOWN: Final = 40
"""Characters shown of an stm."""


def time_issues(timestamp: int, received_us: int) -> Iterator[Issue]:
    """Yield the issues of an event's ``timestamp`` (milliseconds), given the time of receipt."""
    ahead = timestamp - received_us // 1000
    if SECONDS_FROM <= timestamp < MILLISECONDS_FROM:
        yield TIME_IN_SECONDS.issue("timestamp", shown=timestamp)
    elif timestamp >= MICROSECONDS_FROM:
        yield TIME_TOO_FINE.issue("timestamp", shown=timestamp)
    elif ahead > MAX_AHEAD_MS:
        yield TIME_IN_FUTURE.issue("timestamp", seconds=ahead // _S)
    elif ahead < -MAX_AGE_MS:
        yield TIME_LONG_AGO.issue("timestamp", days=-ahead // _DAY)


def stm_issues(stm: str | None, received_us: int) -> Iterator[Issue]:
    """Yield the issues of the send time in the query."""
    if stm is None:
        return
    if not (stm.isascii() and stm.isdigit() and len(stm) < 20):
        yield STM_NOT_A_TIME.issue(shown=ascii(stm[:_SHOWN]))
        return
    off = abs(int(stm) - received_us // 1000)
    if off > _MAX_STM_OFF_MS:
        yield STM_FAR_OFF.issue(seconds=off // _S)
