"""The shop's pages."""

import asyncio
import time

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path

from growingio_tracker.integrations.django import get_tracker


def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Log in, without a password because it is an example."""
    user, _ = User.objects.get_or_create(username=name)
    login(request, user)
    return HttpResponse(str(user.pk))


def buy(request: HttpRequest, sku: str) -> HttpResponse:
    """Sell one."""
    time.sleep(0.05)  # another request is served meanwhile
    get_tracker().track_custom_event("buy", attributes={"sku": sku})
    return HttpResponse(f"sold {sku}\n")


async def async_buy(request: HttpRequest, sku: str) -> HttpResponse:
    """Sell one, in the event loop."""
    await request.auser()  # loads the user; without it the event has only the anonymous id
    await asyncio.sleep(0.05)
    get_tracker().track_custom_event("buy", attributes={"sku": sku})
    return HttpResponse(f"sold {sku}\n")


def fail(request: HttpRequest, sku: str) -> HttpResponse:
    """Sell one, and then fail."""
    get_tracker().track_custom_event("buy", attributes={"sku": sku})
    raise RuntimeError(sku)


urlpatterns = [
    path("enter/<name>", enter),
    path("buy/<sku>", buy),
    path("async/<sku>", async_buy),
    path("fail/<sku>", fail),
]
