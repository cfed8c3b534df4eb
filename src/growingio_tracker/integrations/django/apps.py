"""What ``INSTALLED_APPS`` loads."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from growingio_tracker.exceptions import GrowingError
from growingio_tracker.integrations.django.setting import made


class GrowingIOConfig(AppConfig):
    """The app; it has no models."""

    name = "growingio_tracker.integrations.django"
    label = "growingio"
    verbose_name = "GrowingIO"

    def ready(self) -> None:
        """Take part in ``manage.py check``."""
        register(_check)


def _check(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    try:
        made()
    except GrowingError as error:
        return [Error(str(error), id="growingio.E001")]
    return []
