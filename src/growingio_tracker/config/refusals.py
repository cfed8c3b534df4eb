"""What the parts of a tracker refuse in settings, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from growingio_tracker.config.settings import Setting, Settings
from growingio_tracker.exceptions import GrowingParamException

_NEEDED: Final[Settings] = {
    "product_id": Setting("x", ""),
    "data_source_id": Setting("x", ""),
    "server_host": Setting("http://localhost", ""),
    "spool": Setting(".", ""),
}
"""Values for a try, in place of those that are missing or refused. Nothing is opened there."""


def refusals(settings: Settings, attempt: Callable[[Settings], object]) -> list[str]:
    """Return everything that ``attempt`` refuses, each with the place that it comes from.

    :param attempt: makes something of settings, and raises ``GrowingParamException`` for the
        first that it refuses. What that names is left out, and it is tried again.
    """
    found: list[str] = []
    left = {**_NEEDED, **settings}
    while (message := _refusal(left, attempt)) is not None:
        name = _named(message, left)
        if name is None:
            return [*found, message]
        found.append(f"{left.pop(name).origin}: {message}")
        left = {**_NEEDED, **left}
    return found


def _refusal(settings: Settings, attempt: Callable[[Settings], object]) -> str | None:
    try:
        attempt(settings)
    except GrowingParamException as error:
        return str(error)
    return None


def _named(message: str, settings: Settings) -> str | None:
    """Return the first setting that a message names, of those that somebody gave."""
    words = re.findall(r"\w+", message)
    return next((one for one in words if one in settings and settings[one].origin), None)
