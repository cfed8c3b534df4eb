"""For ASGI servers: ``uvicorn asgi:application``."""

import os

from django.core.asgi import get_asgi_application

from growingio_tracker.integrations.asgi import GrowingIOMiddleware
from growingio_tracker.integrations.django import get_tracker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
# uvicorn tells only the application that it ends, and Django does not listen.
application = GrowingIOMiddleware(get_asgi_application(), get_tracker())
