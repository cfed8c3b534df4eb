"""What the middlewares share: to bind a request's ids, and to track the request if asked to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from growingio_tracker.arguments import text_name
from growingio_tracker.binding import Subject
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.integrations.identity import anonymous_id_of, safe_user
from growingio_tracker.integrations.whoever import track_about, whoever
from growingio_tracker.tracker import GrowingTracker

if TYPE_CHECKING:
    from typing_extensions import Unpack

_log: Final = logging.getLogger(__name__)


class RequestOptions(TypedDict, total=False):
    """Keyword options of every middleware.

    - ``cookie``: the cookie that holds the anonymous id. Default ``None``: no cookie is read.
    - ``header``: the header that holds it, which wins. Default ``None``: no header is read.
    - ``user_key``: the kind of the user ids. Default ``None``: the platform's own.
    - ``track_requests``: the name of an event to track for each request, with the attributes
      ``method``, ``path``, ``status`` and ``duration_ms``. Default ``False``: none.
    """

    cookie: str | None
    header: str | None
    user_key: str | None
    track_requests: str | Literal[False]


class Binder:
    """Binds the ids of requests to a tracker.

    :raises GrowingParamException: when an option is unknown or cannot be used.
    """

    def __init__(self, tracker: GrowingTracker, **options: Unpack[RequestOptions]) -> None:
        self._tracker = tracker
        unknown = sorted(options.keys() - RequestOptions.__annotations__.keys())
        if unknown:
            raise GrowingParamException(
                f"there is no option {', '.join(unknown)}; there are "
                + ", ".join(RequestOptions.__annotations__)
            )
        self._cookie = _name(options.get("cookie"), "cookie")
        header = _name(options.get("header"), "header")
        self._header = None if header is None else header.lower()
        self._user_key = _name(options.get("user_key"), "user_key")
        event = options.get("track_requests", False)
        self.event: Final = None if event is False else text_name(event, "track_requests")
        """The event to track for each request; ``None`` is none."""

    def bound(
        self, header_value: Callable[[str], str | None], find_user: Callable[[], object] | None
    ) -> AbstractContextManager[None]:
        """Return a block in which events are about the one who makes a request.

        :param header_value: returns the request's header of a name in lower case, if it has one.
        :param find_user: returns the user's id or ``None``; it is called by events only, and may
            raise. ``None``: requests have no user.
        """
        user = None if find_user is None else safe_user(find_user)
        return self._tracker.context(
            anonymous_id=anonymous_id_of(header_value, self._header, self._cookie),
            login_user_key=None if user is None else self._user_key,
            login_user_id=user,
        )

    def whom(self) -> Subject | None:
        """Return whom a request is about, inside its block.

        ``None`` when that cannot be said, and when requests are not tracked.
        """
        if self.event is None:
            return None
        try:
            return whoever(self._tracker)
        except Exception:  # from a function by which the tracker itself was bound to a user
            _log.warning("the user of a request was not found", exc_info=True)
            return None

    def track(
        self, whom: Subject | None, method: str, path: str, status: int | None, started_s: float
    ) -> None:
        """Track a request, if that was asked for; never raise.

        :param whom: what :meth:`whom` has said.
        :param status: ``None`` when the request ended without an answer.
        :param started_s: when it began, by ``time.perf_counter``.
        """
        if self.event is None or whom is None:
            return
        duration_ms = round((time.perf_counter() - started_s) * 1000, 3)
        attributes = {"method": method, "path": path, "status": status, "duration_ms": duration_ms}
        try:
            track_about(self._tracker, whom, self.event, attributes)
        except Exception:
            _log.warning("the event of a request was not tracked", exc_info=True)


def _name(value: str | None, option: str) -> str | None:
    return None if value is None else text_name(value, option)
