"""This machine's clock beside the server's."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.transport.base import Response

_FINE_S: Final = 60
_BAD_S: Final = 300


def look_at_clock(response: Response, asked: datetime, answered: datetime) -> Finding:
    """Compare the server's ``Date`` with the middle of asking and being answered."""
    server = _date(response)
    if server is None:
        said = ("the server does not say what time it is", "服务器没有返回时间")
        return finding("clock", "skipped", said, NO_FIX)
    ahead_s = (asked + (answered - asked) / 2 - server).total_seconds()
    if abs(ahead_s) <= _FINE_S:
        said = (f"{abs(ahead_s):.0f} s from the server's", f"与服务器相差 {abs(ahead_s):.0f} 秒")
        return finding("clock", "ok", said, NO_FIX)
    way, way_zh = ("ahead of", "快") if ahead_s > 0 else ("behind", "慢")
    said = (
        f"this machine's clock is {_span(abs(ahead_s), _UNITS)} {way} the server's",
        f"本机时钟比服务器{way_zh} {_span(abs(ahead_s), _UNITS_ZH)}",
    )
    return finding("clock", "bad" if abs(ahead_s) > _BAD_S else "warn", said, _SET)


_UNITS: Final = ("s", "min", "h")
_UNITS_ZH: Final = ("秒", "分钟", "小时")


def _span(seconds: float, units: tuple[str, str, str]) -> str:
    """Return a time in the unit that one thinks in."""
    if seconds < 120:
        return f"{seconds:.0f} {units[0]}"
    return (
        f"{seconds / 60:.0f} {units[1]}" if seconds < 7200 else f"{seconds / 3600:.1f} {units[2]}"
    )


_SET: Final = (
    "Set this machine's clock, for instance by NTP: events carry its time.",
    "请校准本机时钟（例如使用 NTP）：事件使用的是本机时间。",
)


def _date(response: Response) -> datetime | None:
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
