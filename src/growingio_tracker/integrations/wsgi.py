"""Middleware for WSGI, for any WSGI framework and server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from growingio_tracker.integrations.request_binding import (
    TYPES,
    BoundRequest,
    RequestBinding,
    RequestOptions,
)
from growingio_tracker.model.options import check_options
from growingio_tracker.model.subject import Subject
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.checks import Unpack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication
else:  # wsgiref.types has them, but only from Python 3.11 on
    StartResponse = WSGIApplication = Callable[..., Any]

Environ: TypeAlias = dict[str, Any]

_SERVER_ERROR: Final = 500
_PRESERVE: Final = "werkzeug.debug.preserve_context"
"""Key of the function to which applications pass contexts that outlive the response.

The environment contains it in Werkzeug's debugger and in a ``with`` block of Flask's test client.
"""


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request to ``tracker``.

    The ids apply until the last part of the response has been produced, however it is streamed.

    :param app: the application.
    :param tracker: the tracker that the application uses.
    :param user: returns the user id for a WSGI environment, or ``None``. It is called only when an
        event is tracked. Exceptions are logged. ``None``: requests have no user.
    :param options: see :class:`~growingio_tracker.integrations.request_binding.RequestOptions`.
    :raises GrowingParamException: if an option is unknown or invalid.
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
        check_options(TYPES, {"user": user})
        self._user = user
        self._binding = RequestBinding(tracker, **options)

    def is_debug(self) -> bool:
        """Return whether the application is in debug mode, according to its attribute ``debug``."""
        return bool(getattr(self._app, "debug", False))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        user = self._user
        bound = self._binding.request(
            lambda name: _header(environ, name),
            None if user is None else lambda: user(environ),
            is_debug=self.is_debug(),
        )
        if (preserve := environ.get(_PRESERVE)) is not None:
            environ[_PRESERVE] = _preserving(preserve, bound)
        request = _Request(bound, environ, start_response)
        try:
            with bound.bound():
                try:
                    answer = self._app(environ, request.start_response)
                except Exception:
                    request.failed()
                    raise
        except Exception:
            request.ended()
            raise
        if isinstance(answer, list | tuple):
            # Nothing is left to run, and servers check the number of parts.
            request.ended()
            return answer
        return _StreamedAnswer(answer, bound, request)


class _Request:
    """One request, from its beginning to its end."""

    def __init__(
        self, bound: BoundRequest, environ: Environ, start_response: StartResponse
    ) -> None:
        self._bound = bound
        self._environ = environ
        self._start_response = start_response
        self._status: int | None = None
        self._whom: Subject | None = None

    def start_response(
        self, status: str, headers: list[tuple[str, str]], *exc_info: Any
    ) -> Callable[[bytes], object]:
        """Note the status and the request's subject, and pass everything on."""
        self._status = int(status[:3]) if status[:3].isdecimal() else None
        # Some frameworks end their own context as soon as the response begins.
        self._whom = self._bound.whom()
        is_secure = self._environ.get("wsgi.url_scheme") == "https"
        if (cookie := self._bound.set_cookie(is_secure=is_secure)) is not None:
            headers = [*headers, ("Set-Cookie", cookie)]
        return self._start_response(status, headers, *exc_info)

    def failed(self) -> None:
        """Note that the application raised; the server responds for it."""
        self._status = _SERVER_ERROR
        self._whom = self._whom or self._bound.whom()

    def ended(self) -> None:
        """Track the request if ``track_requests`` is set."""
        method = self._environ["REQUEST_METHOD"]
        path = self._environ.get("PATH_INFO", "").encode("latin-1", "replace")
        self._bound.track(self._whom, method, path.decode("utf-8", "replace"), self._status)


class _StreamedAnswer:
    """A response whose parts are produced with the request's ids bound.

    They are not bound between the parts, when the server's thread may do something else. The
    context stays the server's, so that frameworks find their own variables in it.
    """

    def __init__(self, answer: Iterable[bytes], bound: BoundRequest, request: _Request) -> None:
        self._answer = answer
        self._bound = bound
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with self._bound.bound(), self._noting_failures():
            parts = iter(self._answer)
        while True:
            with self._bound.bound(), self._noting_failures():
                part = next(parts, None)
            if part is None:
                return
            yield part

    def close(self) -> None:
        """End the request. Servers call it exactly once, whatever happens."""
        close: Callable[[], object] | None = getattr(self._answer, "close", None)
        try:
            if close is not None:
                with self._bound.bound():
                    close()
        finally:
            self._request.ended()

    @contextmanager
    def _noting_failures(self) -> Generator[None, None, None]:
        try:
            yield
        except Exception:
            self._request.failed()
            raise


def _preserving(preserve: Callable[[object], Any], bound: BoundRequest) -> Callable[..., Any]:
    def preserving(context: AbstractContextManager[Any]) -> Any:
        return preserve(_PreservedContext(context, bound))

    return preserving


class _PreservedContext:
    """A context that outlives the response, entered and left with the request's ids bound.

    Functions registered with Flask's ``teardown_request`` run when it is left.
    """

    def __init__(self, context: AbstractContextManager[Any], bound: BoundRequest) -> None:
        self._context = context
        self._bound = bound

    def __enter__(self) -> Any:
        with self._bound.bound():
            return self._context.__enter__()

    def __exit__(self, *error: Any) -> bool | None:
        with self._bound.bound():
            return self._context.__exit__(*error)


def _header(environ: Environ, name: str) -> str | None:
    return environ.get("HTTP_" + name.upper().replace("-", "_"))
