"""What is wrong because of the client that sent it: names others refuse, and old SDKs."""

import re
from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.version import VERSION
from growingio_tracker.wire import EXPERIMENT_HIT

_WEB_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,99}")
_VERSION: Final = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}")
_SHOWN: Final = 100

_NEWEST: Final[Mapping[str, str]] = {
    "python": VERSION,
    "go": "1.0.1",
    "web": "4.3.1",
    "MinP": "4.6.0",
}
"""The newest release we know, by what it sends as its platform. Others send no version."""


def name_problem(name: str) -> Problem | None:
    """Return what is wrong with the name of a custom event."""
    if _WEB_NAME.fullmatch(name) or name == EXPERIMENT_HIT:  # which the Web SDK itself sends
        return None
    return Problem("name_outside_pattern", "eventName", {"shown": name[:_SHOWN]})


def sdk_problem(platform: object, version: object) -> Problem | None:
    """Return a problem when a newer release of the sending SDK is known."""
    if not isinstance(platform, str) or not isinstance(version, str):
        return None
    newest = _NEWEST.get(platform)
    if newest is None or not _VERSION.fullmatch(version) or _parts(version) >= _parts(newest):
        return None
    return Problem("sdk_old", "sdkVersion", {"version": version, "newest": newest})


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
