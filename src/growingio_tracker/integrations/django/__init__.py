"""App and middleware for Django, with a tracker built from the setting ``GROWINGIO``.

Add ``"growingio_tracker.integrations.django"`` to ``INSTALLED_APPS``, so that ``manage.py check``
finds mistakes in the settings, and ``"growingio_tracker.integrations.django.GrowingIOMiddleware"``
to ``MIDDLEWARE``.
"""

from growingio_wire.errors import missing_extra

try:
    from growingio_tracker.integrations.django.apps import get_tracker
    from growingio_tracker.integrations.django.middleware import GrowingIOMiddleware
except ModuleNotFoundError as error:
    if error.name not in ("django", "asgiref"):
        raise
    raise missing_extra("the Django integration", "django") from error

__all__ = ["GrowingIOMiddleware", "get_tracker"]
