"""The middleware, for WSGI and ASGI."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from growingio_tracker.binding import Subject
from growingio_tracker.integrations.django.setting import made


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request to the project's tracker.

    Neither session nor database is touched before an event is tracked. What produces the parts of
    a streamed answer runs after the middleware, with nobody bound.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        _, self._binder, self._find_user = made()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request, or return what does when it is awaited."""
        if self._is_async:
            return self._serve(request)
        started_s = time.perf_counter()
        with self._bound(request):
            response: HttpResponseBase = self._get_response(request)
            whom = self._binder.whom()
        self._track(whom, request, response, started_s)
        return response

    async def _serve(self, request: HttpRequest) -> HttpResponseBase:
        started_s = time.perf_counter()
        with self._bound(request):
            response: HttpResponseBase = await self._get_response(request)
            whom = self._binder.whom()
        self._track(whom, request, response, started_s)
        return response

    def _bound(self, request: HttpRequest) -> AbstractContextManager[None]:
        find_user = self._find_user or authenticated_user
        return self._binder.bound(request.headers.get, lambda: find_user(request))

    def _track(
        self,
        whom: Subject | None,
        request: HttpRequest,
        response: HttpResponseBase,
        started_s: float,
    ) -> None:
        method, status = request.method or "", response.status_code
        self._binder.track(whom, method, request.path, status, started_s)


def authenticated_user(request: HttpRequest) -> object:
    """Return the primary key of the request's user; ``None`` when nobody is logged in.

    :raises RuntimeError: in an async view, when the user has not been loaded.
    """
    # What request.auser() found is kept here, and in no public place.
    user = cast("Any", getattr(request, "_acached_user", None) or getattr(request, "user", None))
    try:
        return user.pk if user is not None and user.is_authenticated else None
    except SynchronousOnlyOperation as error:
        raise RuntimeError(
            "the user cannot be loaded in an async view; await request.auser() before tracking"
        ) from error
