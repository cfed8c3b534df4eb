"""The setting GROWINGIO, and what is made of it.

It is a mapping with the keys of a configuration file; the environment wins. Besides it may have the
options of :class:`~growingio_tracker.integrations.binder.RequestOptions`, and

- ``tracker``: where to import the tracker from (``"shop.tracking.tracker"``), instead of all keys
  of the configuration.
- ``user``: where to import a function from that returns the id of a request's user or ``None``.
  Default: the primary key of ``request.user`` when it is authenticated.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string

from growingio_tracker.config.build import build, gather_table
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.integrations.binder import Binder, RequestOptions
from growingio_tracker.tracker import GrowingTracker

_SETTING: Final = "GROWINGIO"

FindUser = Callable[[HttpRequest], object]


class Made(NamedTuple):
    """What the setting describes. ``find_user`` is ``None`` when it names none."""

    tracker: GrowingTracker
    binder: Binder
    find_user: FindUser | None


def get_tracker() -> GrowingTracker:
    """Return the project's tracker, which is made when it is first asked for.

    :raises GrowingParamException: naming everything that is wrong in the setting.
    """
    return made().tracker


def made() -> Made:
    """Return what the setting describes, made once."""
    with _making:
        return _make()


_making: Final = threading.Lock()


@functools.cache
def _make() -> Made:
    table: dict[str, Any] = dict(getattr(settings, _SETTING, {}))
    names = RequestOptions.__annotations__
    options = {name: table.pop(name) for name in names if name in table}
    user = _imported(table.pop("user", None), "user")
    tracker = _imported(table.pop("tracker", None), "tracker")
    if tracker is None:
        tracker = build(gather_table(table, f"settings.{_SETTING}"), GrowingTracker.consumer)
    elif table:
        raise GrowingParamException(
            f"settings.{_SETTING} has a tracker, so that {', '.join(sorted(table))} would mean "
            "nothing; give it to that tracker"
        )
    return Made(tracker, Binder(tracker, **cast("RequestOptions", options)), user)


def _imported(path: str | None, key: str) -> Any:
    try:
        return None if path is None else import_string(path)
    except ImportError as error:
        raise GrowingParamException(
            f"settings.{_SETTING}[{key!r}] cannot be imported: {error}"
        ) from error


def _forget(setting: str, **_: object) -> None:
    if setting == _SETTING:
        _make.cache_clear()


setting_changed.connect(_forget)  # Django's tests may replace a setting for a while
