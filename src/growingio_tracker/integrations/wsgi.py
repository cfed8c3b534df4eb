"""WSGI: every framework and server that speaks it."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from growingio_tracker.binding import Subject
from growingio_tracker.integrations.binder import Binder, RequestOptions
from growingio_tracker.tracker import GrowingTracker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication
    from typing_extensions import Unpack

Environ: TypeAlias = dict[str, Any]

_SERVER_ERROR: Final = 500


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request to ``tracker``.

    The ids hold until the last part of the answer has been made, in whatever way it is streamed.

    :param app: the application.
    :param tracker: the tracker that the application uses.
    :param user: returns the id of a request's user by its WSGI environment, or ``None``. It is
        called when an event is tracked and not before. What it raises is logged. ``None``: requests
        have no user.
    :param options: see :class:`~growingio_tracker.integrations.binder.RequestOptions`.
    :raises GrowingParamException: when an option is unknown or cannot be used.
    """

    def __init__(
        self,
        app: WSGIApplication,
        tracker: GrowingTracker,
        *,
        user: Callable[[Environ], object] | None = None,
        **options: Unpack[RequestOptions],
    ) -> None:
        self._app = app
        self._user = user
        self._binder = Binder(tracker, **options)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        # The server asks for the parts of the answer later, and must not find the ids in its own
        # context then. So the request gets a context of its own, which ends with it.
        context = contextvars.copy_context()
        return context.run(self._serve, context, environ, start_response)

    def _serve(
        self, context: contextvars.Context, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        user = self._user
        find_user = None if user is None else lambda: user(environ)
        block = self._binder.bound(lambda name: _header(environ, name), find_user)
        request = _Request(self._binder, block, environ, start_response)
        try:
            answer = self._app(environ, request.start_response)
        except Exception:
            request.failed()
            request.ended()
            raise
        if isinstance(answer, list | tuple):
            # Nothing more runs for it, and servers look how many parts there are.
            request.ended()
            return answer
        return _Answer(context, answer, request)


class _Request:
    """One request, from its beginning to its end."""

    def __init__(
        self,
        binder: Binder,
        block: AbstractContextManager[None],
        environ: Environ,
        start_response: StartResponse,
    ) -> None:
        self._binder = binder
        self._block = block
        self._environ = environ
        self._start_response = start_response
        self._started_s = time.perf_counter()
        self._status: int | None = None
        self._whom: Subject | None = None
        block.__enter__()

    def start_response(
        self, status: str, headers: list[tuple[str, str]], *exc_info: Any
    ) -> Callable[[bytes], object]:
        """Note the status and whom the request is about, and pass everything on."""
        self._status = int(status[:3]) if status[:3].isdecimal() else None
        # Later is too late for a framework whose own context ends as soon as the answer begins.
        self._whom = self._binder.whom()
        return self._start_response(status, headers, *exc_info)

    def failed(self) -> None:
        """Note that the application raised; the server answers for it."""
        self._status = _SERVER_ERROR
        self._whom = self._whom or self._binder.whom()

    def ended(self) -> None:
        """Let go of the request's ids, and track it if that was asked for."""
        self._block.__exit__(None, None, None)
        method = self._environ["REQUEST_METHOD"]
        path = self._environ.get("PATH_INFO", "").encode("latin-1", "replace")
        self._binder.track(
            self._whom, method, path.decode("utf-8", "replace"), self._status, self._started_s
        )


class _Answer:
    """An answer whose parts are made in the request's context."""

    def __init__(
        self, context: contextvars.Context, answer: Iterable[bytes], request: _Request
    ) -> None:
        self._context = context
        self._answer = answer
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        try:
            parts = self._context.run(iter, self._answer)
            while (part := self._context.run(next, parts, None)) is not None:
                yield part
        except Exception:
            self._request.failed()
            raise

    def close(self) -> None:
        """End the request; a server calls it in any case, and once."""
        close: Callable[[], object] | None = getattr(self._answer, "close", None)
        try:
            if close is not None:
                self._context.run(close)
        finally:
            self._context.run(self._request.ended)


def _header(environ: Environ, name: str) -> str | None:
    return environ.get("HTTP_" + name.upper().replace("-", "_"))
