"""The formats in which a report is given out, by name."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from growingio_tracker.collector.plan.junit import junit
from growingio_tracker.collector.plan.report import Report, show_report
from growingio_tracker.collector.plan.report_text import report_text


def _json(report: Report) -> bytes:
    return msgspec.json.encode(show_report(report)) + b"\n"


def _text(report: Report) -> bytes:
    return report_text(report).encode() + b"\n"


REPORTS: Final[Mapping[str, Callable[[Report], bytes]]] = {
    "json": _json,
    "junit": junit,
    "text": _text,
}
"""Each writes a report in UTF-8."""

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "junit": "application/xml",
    "text": "text/plain; charset=utf-8",
}
"""The content type of each."""
