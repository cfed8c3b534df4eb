"""Extension for Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from growingio_tracker.config import build, gather_table
from growingio_tracker.integrations.request_binding import TRACKER, TYPES, RequestOptions
from growingio_tracker.integrations.wsgi import Environ, GrowingIOMiddleware
from growingio_tracker.model.options import check_options
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.checks import Unpack
from growingio_wire.errors import GrowingParamException, missing_extra

try:
    from flask import Flask, current_app
except ModuleNotFoundError as error:
    if error.name != "flask":
        raise
    raise missing_extra("the Flask extension", "flask") from error

_NAME: Final = "growingio"
_PREFIX: Final = "GROWINGIO_"


class GrowingIO:
    """Creates a tracker for each application, and binds the ids of its requests to it.

    Configure it in ``app.config``: ``GROWINGIO_`` and the key in capitals, as in the environment,
    which overrides it; likewise the options of
    :class:`~growingio_tracker.integrations.request_binding.RequestOptions`, for example
    ``GROWINGIO_COOKIE``.

    :param app: the application; ``None`` to call :meth:`init_app` later.
    :param tracker: the tracker to use; ``None`` creates one from the configuration.
    :param user: returns the id of the current request's user, or ``None``; it may use ``session``
        and the like. It is called only when an event is tracked. Exceptions are logged. ``None``:
        requests have no user.
    :raises GrowingParamException: listing every problem in the configuration.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        tracker: GrowingTracker | None = None,
        user: Callable[[], object] | None = None,
    ) -> None:
        types = {**TYPES, "tracker": TRACKER.or_none()}
        check_options(types, {"tracker": tracker, "user": user})
        self._tracker = tracker
        self._user = user
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Create the tracker of ``app``, also available as ``app.extensions["growingio"]``.

        :raises GrowingParamException: listing every problem in its configuration.
        """
        settings = app.config.get_namespace(_PREFIX)
        names = RequestOptions.__annotations__
        options = {name: settings.pop(name) for name in names if name in settings}
        tracker = self._tracker or build(
            gather_table(settings, "app.config (GROWINGIO_…)", besides=names),
            GrowingTracker.consumer,
        )
        app.extensions[_NAME] = tracker
        user = self._user
        # Unlike before_request and teardown_request this covers streamed responses, and the
        # handlers of other extensions.
        app.wsgi_app = _FlaskMiddleware(  # type: ignore[method-assign]
            app,
            tracker,
            user=None if user is None else lambda _: user(),
            **cast("RequestOptions", options),
        )

    @property
    def tracker(self) -> GrowingTracker:
        """The tracker of the current application.

        :raises GrowingParamException: if the application has none.
        """
        extensions: dict[str, Any] = current_app.extensions
        try:
            tracker: GrowingTracker = extensions[_NAME]
        except KeyError:
            raise GrowingParamException(
                "this application has no tracker; give it one with GrowingIO(app) or init_app(app)"
            ) from None
        return tracker


class _FlaskMiddleware(GrowingIOMiddleware):
    """Middleware around the current WSGI application of a Flask application."""

    def __init__(
        self,
        flask: Flask,
        tracker: GrowingTracker,
        *,
        user: Callable[[Environ], object] | None,
        **options: Unpack[RequestOptions],
    ) -> None:
        super().__init__(flask.wsgi_app, tracker, user=user, **options)
        self._flask = flask

    def is_debug(self) -> bool:
        """Return Flask's own debug flag, which ``app.run`` may set after initialisation."""
        return self._flask.debug
