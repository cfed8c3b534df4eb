"""Flask: an extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from growingio_tracker._extras import missing_extra
from growingio_tracker.config.build import build, gather_table
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.integrations.binder import RequestOptions
from growingio_tracker.integrations.wsgi import GrowingIOMiddleware
from growingio_tracker.tracker import GrowingTracker

try:
    from flask import Flask, current_app
except ModuleNotFoundError as error:
    if error.name != "flask":
        raise
    raise missing_extra("the Flask extension", "flask") from error

_NAME: Final = "growingio"
_PREFIX: Final = "GROWINGIO_"


class GrowingIO:
    """Gives each application a tracker, and binds the ids of its requests to it.

    The application's configuration says everything: ``GROWINGIO_`` and the key in capitals, as in
    the environment, which wins; and the same of the options of
    :class:`~growingio_tracker.integrations.binder.RequestOptions`, for instance
    ``GROWINGIO_COOKIE``.

    :param app: the application; ``None`` leaves that to :meth:`init_app`.
    :param tracker: the tracker to use; ``None`` makes one of the configuration.
    :param user: returns the id of the current request's user, or ``None``; it may use ``session``
        and the like. It is called when an event is tracked and not before. What it raises is
        logged. ``None``: requests have no user.
    :raises GrowingParamException: naming everything that is wrong in the configuration.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        tracker: GrowingTracker | None = None,
        user: Callable[[], object] | None = None,
    ) -> None:
        self._tracker = tracker
        self._user = user
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give ``app`` its tracker, also as ``app.extensions["growingio"]``.

        :raises GrowingParamException: naming everything that is wrong in its configuration.
        """
        settings = app.config.get_namespace(_PREFIX)
        names = RequestOptions.__annotations__
        options = {name: settings.pop(name) for name in names if name in settings}
        tracker = self._tracker or build(
            gather_table(settings, "app.config (GROWINGIO_…)"), GrowingTracker.consumer
        )
        app.extensions[_NAME] = tracker
        user = self._user
        # Unlike before_request and teardown_request this covers streamed answers, and the
        # handlers of other extensions.
        app.wsgi_app = GrowingIOMiddleware(  # type: ignore[method-assign]
            app.wsgi_app,
            tracker,
            user=None if user is None else lambda _: user(),
            **cast("RequestOptions", options),
        )

    @property
    def tracker(self) -> GrowingTracker:
        """The tracker of the current application.

        :raises GrowingParamException: when that application has none.
        """
        extensions: dict[str, Any] = current_app.extensions
        try:
            tracker: GrowingTracker = extensions[_NAME]
        except KeyError:
            raise GrowingParamException(
                "this application has no tracker; give it one with GrowingIO(app) or init_app(app)"
            ) from None
        return tracker
