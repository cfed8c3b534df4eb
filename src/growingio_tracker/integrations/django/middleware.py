"""Django middleware for WSGI and ASGI: binds a request's ids, and sets the visitor's cookie."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Final, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from growingio_tracker.integrations.django.apps import FindUser, made
from growingio_tracker.integrations.request_binding import (
    COOKIE_MAX_AGE_S,
    VISITOR_COOKIE,
    BoundRequest,
)
from growingio_tracker.model.subject import Subject
from growingio_wire.logs import logger

_FOUND: Final = "_growingio_user"
_log: Final = logger("growingio_tracker.integrations.django")


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request to the project's tracker.

    Session and database are not accessed until an event is tracked. A session that the view does
    not use is not marked as accessed, so the response does not get ``Vary: Cookie``. The ids are
    also bound while the parts of a streamed response are produced, and while a response is closed,
    which is when Django sends ``request_finished``.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        _, self._binding, self._find_user = made()
        if iscoroutinefunction(self._find_user):
            self.process_view = _awaited(cast("FindUser", self._find_user))
            self._find_user = _found_before
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request; in async mode, return an awaitable that does."""
        if self._is_async:
            return self._serve(request)
        bound = self._begin(request)
        with bound.bound():
            response: HttpResponseBase = self._get_response(request)
            whom = bound.whom()
        return self._end(request, response, bound, whom)

    async def _serve(self, request: HttpRequest) -> HttpResponseBase:
        bound = self._begin(request)
        with bound.bound():
            response: HttpResponseBase = await self._get_response(request)
            whom = bound.whom()
        return self._end(request, response, bound, whom)

    def _begin(self, request: HttpRequest) -> BoundRequest:
        find_user = self._find_user
        if find_user is None:
            return self._binding.request(
                request.headers.get,
                lambda: logged_in(request),
                find_seen_user=lambda: logged_in(request, may_load=False),
                is_debug=settings.DEBUG,
            )
        return self._binding.request(
            request.headers.get, lambda: find_user(request), is_debug=settings.DEBUG
        )

    def _end(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        bound: BoundRequest,
        whom: Subject | None,
    ) -> HttpResponseBase:
        if bound.new_visitor is not None:
            response.set_cookie(
                self._binding.cookie or VISITOR_COOKIE,
                bound.new_visitor,
                max_age=COOKIE_MAX_AGE_S,
                secure=request.is_secure(),
                httponly=True,
                samesite="Lax",
            )
        bound.track(whom, request.method or "", request.path, response.status_code)
        if isinstance(response, StreamingHttpResponse) and not _is_file(response):
            _bind_parts(response, bound)
        _bind_close(response, bound)
        return response


def _is_file(response: StreamingHttpResponse) -> bool:
    """Return whether the response is a file, which servers send without iterating over it."""
    return getattr(response, "file_to_stream", None) is not None


def _bind_parts(response: StreamingHttpResponse, bound: BoundRequest) -> None:
    """Produce the parts of a response in the request's block, after the middleware has returned."""
    parts: Any = response.streaming_content
    response.streaming_content = (
        _async_parts(parts, bound) if response.is_async else _parts(parts, bound)
    )


def _bind_close(response: HttpResponseBase, bound: BoundRequest) -> None:
    """Close a response inside the request's block: Django does so after the middleware returned.

    Receivers of ``request_finished`` run then, and what the generator of a streamed response does
    at its end if the client has disconnected.
    """
    close = response.close

    def close_bound() -> None:
        vars(response).pop("close", None)  # no reference to itself, which only the gc would find
        with bound.bound():
            close()

    vars(response)["close"] = close_bound


def _parts(parts: Iterable[bytes], bound: BoundRequest) -> Iterator[bytes]:
    iterator = iter(parts)
    while True:
        with bound.bound():
            part = next(iterator, None)
        if part is None:
            return
        yield part


async def _async_parts(parts: AsyncIterable[bytes], bound: BoundRequest) -> AsyncIterator[bytes]:
    iterator = aiter(parts)
    while True:
        with bound.bound():
            part = await anext(iterator, None)
        if part is None:
            return
        yield part


def _awaited(find_user: FindUser) -> Callable[..., Awaitable[None]]:
    """Return a ``process_view`` that awaits the user, and stores it on the request."""

    async def process_view(request: HttpRequest, *_: object) -> None:
        try:
            user = await cast("Any", find_user)(request)
        except Exception:
            _log.warning(
                "the user of a request could not be determined; its events have no user",
                exc_info=True,
            )
            user = None
        vars(request)[_FOUND] = user

    return process_view


def _found_before(request: HttpRequest) -> object:
    return vars(request).get(_FOUND)


def logged_in(request: HttpRequest, *, may_load: bool = True) -> object:
    """Return the primary key of the logged-in user, or ``None``.

    It reads a session of its own, because the request's session would be marked as accessed.

    :param may_load: whether to load the session if the request has not loaded it.
    :raises RuntimeError: in an async view, if the session would have to be loaded.
    """
    # Django caches the result of request.auser() only in this private attribute.
    user: Any = getattr(request, "_acached_user", None) or getattr(request, "user", None)
    if user is not None and not _is_unloaded(user):
        return user.pk if user.is_authenticated else None
    session: Any = getattr(request, "session", None)
    try:
        if user is not None and not _is_of_session(user):
            return user.pk if may_load and user.is_authenticated else None
        if session is None or session.accessed:
            return None if session is None else session.get(SESSION_KEY)
        if may_load and session.session_key is not None:
            return type(session)(session.session_key).get(SESSION_KEY)
    except SynchronousOnlyOperation as error:
        raise RuntimeError(
            "the user cannot be loaded in an async view; await request.auser() before tracking, or "
            "name a coroutine function as settings.GROWINGIO['user']"
        ) from error
    return None


def _is_unloaded(user: object) -> bool:
    return isinstance(user, LazyObject) and vars(user).get("_wrapped") is empty


def _is_of_session(user: object) -> bool:
    """Return whether a user that is not loaded yet comes from Django's own sessions."""
    find = vars(user).get("_setupfunc")
    return getattr(find, "__module__", "") == "django.contrib.auth.middleware"
