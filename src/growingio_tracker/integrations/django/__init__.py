"""Django: a tracker made of the settings, and a middleware that binds whom requests are about.

``INSTALLED_APPS`` takes ``"growingio_tracker.integrations.django"``, whose part in
``manage.py check`` is to find mistakes in the settings; ``MIDDLEWARE`` takes
``"growingio_tracker.integrations.django.GrowingIOMiddleware"``.
"""

from growingio_tracker._extras import missing_extra

try:
    from growingio_tracker.integrations.django.middleware import GrowingIOMiddleware
    from growingio_tracker.integrations.django.setting import get_tracker
except ModuleNotFoundError as error:
    if error.name not in ("django", "asgiref"):
        raise
    raise missing_extra("the Django integration", "django") from error

__all__ = ["GrowingIOMiddleware", "get_tracker"]
