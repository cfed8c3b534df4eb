"""Django app: the setting ``GROWINGIO``, the tracker built from it, and system checks.

The setting is a mapping with the keys of a configuration file; environment variables override it.
It may also contain the options of
:class:`~growingio_tracker.integrations.request_binding.RequestOptions`, and

- ``tracker``: the import path of a tracker (``"shop.tracking.tracker"``) to use instead of one
  created from the configuration.
- ``user``: the import path of a function that returns the id of a request's user or ``None``.
  Default: the primary key of the logged-in user. A coroutine function is awaited before each view.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string

from growingio_tracker.config import build, gather_table
from growingio_tracker.integrations.request_binding import RequestBinding, RequestOptions
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.errors import GrowingError, GrowingParamException

_SETTING: Final = "GROWINGIO"
_OURS: Final = "growingio_tracker.integrations.django.GrowingIOMiddleware"
_CACHES: Final = "django.middleware.cache."

FindUser = Callable[[HttpRequest], object]


class Made(NamedTuple):
    """Objects built from the setting. ``find_user`` is ``None`` if it names no function."""

    tracker: GrowingTracker
    binding: RequestBinding
    find_user: FindUser | None


def get_tracker() -> GrowingTracker:
    """Return the project's tracker, which is created by the first call.

    :raises GrowingParamException: listing every problem in the setting.
    """
    return made().tracker


def made() -> Made:
    """Return the objects built from the setting, which are created once."""
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
        besides = (*names, "user", "tracker")
        configuration = gather_table(table, f"settings.{_SETTING}", besides=besides)
        tracker = build(configuration, GrowingTracker.consumer)
    elif table:
        raise GrowingParamException(
            f"settings.{_SETTING} has a tracker, so {', '.join(sorted(table))} would have no "
            "effect; configure it on that tracker"
        )
    return Made(tracker, RequestBinding(tracker, **cast("RequestOptions", options)), user)


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


class GrowingIOConfig(AppConfig):
    """Django app without models."""

    name = "growingio_tracker.integrations.django"
    label = "growingio"
    verbose_name = "GrowingIO"

    def ready(self) -> None:
        """Register the checks of ``manage.py check``."""
        checks.register(_check)


def _check(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    try:
        made()
    except GrowingError as error:
        return [checks.Error(str(error), id="growingio.E001")]
    return list(_misplaced(settings.MIDDLEWARE))


def _misplaced(names: Sequence[str]) -> Iterator[CheckMessage]:
    """Yield a warning if the middleware is missing or misplaced."""
    places = [place for place, name in enumerate(names) if _is_ours(name)]
    if len(places) != 1:
        yield checks.Warning(
            f"GrowingIOMiddleware is in MIDDLEWARE {len(places)} times, so events of requests "
            f"{'have no user or visitor' if not places else 'are tracked twice'}.",
            hint=f"Add {_OURS!r} once, at the top or directly after SecurityMiddleware.",
            id="growingio.W001",
        )
    elif any(name.startswith(_CACHES) for name in names[: places[0]]):
        yield checks.Warning(
            "GrowingIOMiddleware comes after Django's cache middleware, which responds without it "
            "and stores the cookie of one visitor's first visit for all others.",
            hint="Move it to the top of MIDDLEWARE.",
            id="growingio.W002",
        )


def _is_ours(name: str) -> bool:
    try:
        found = import_string(name)
    except ImportError:  # which Django reports itself
        return False
    return isinstance(found, type) and issubclass(found, import_string(_OURS))
