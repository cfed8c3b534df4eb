"""The shop's settings."""

SECRET_KEY = "an example has nothing to hide"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "growingio_tracker.integrations.django",
]
MIDDLEWARE = [
    "growingio_tracker.integrations.django.GrowingIOMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The ids and the address come from the environment.
GROWINGIO = {"strategy": "async", "cookie": "visitor"}
