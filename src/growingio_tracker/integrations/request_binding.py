"""Binding of a request's ids to a tracker, and request events; shared by all middleware.

Ids come from untrusted requests: invalid ones are ignored, and nothing here raises into a request.
"""

from __future__ import annotations

import re
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, Literal, TypedDict

from growingio_tracker.integrations import FindUser, anonymous_id_of, safe_user
from growingio_tracker.model.option_types import FLAG, FUNCTION, NAME, choice, instance_of
from growingio_tracker.model.options import OptionType, OptionTypes, check_options
from growingio_tracker.model.subject import ON_NOBODY, OnNobody, Subject
from growingio_tracker.model.values import Attributes
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.checks import Unpack
from growingio_wire.errors import GrowingParamException
from growingio_wire.logs import logger
from growingio_wire.near import hint
from growingio_wire.said import Said
from growingio_wire.table import NOT_USER

_log: Final = logger(__name__)

VISITOR_COOKIE: Final = "growingio_visitor"
"""Default cookie of ``first_visit``."""

COOKIE_MAX_AGE_S: Final = 400 * 24 * 60 * 60
"""Lifetime of the cookie of ``first_visit``, the maximum that browsers allow."""

_COOKIE_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class RequestOptions(TypedDict, total=False):
    """Keyword options of every middleware.

    - ``cookie``: the cookie that holds the anonymous id. Default ``None``: no cookie is read.
    - ``header``: the header that holds it; it takes precedence. Default ``None``: none is read.
    - ``first_visit``: whether a visitor without an id gets one, in the cookie (by default
      ``growingio_visitor``). Default ``False``: responses are not changed.
    - ``user_key``: the kind of user ids. Default ``None``: the platform's default.
    - ``on_nobody``: what to do with an event that has neither visitor nor user, as for
      :meth:`~growingio_tracker.GrowingTracker.context`. Default ``"drop"``, in development
      ``"warn"``.
    - ``track_requests``: the name of an event to track for each request, with the attributes
      ``method``, ``path``, ``status`` and ``duration_ms``. Default ``False``: none.
    """

    cookie: str | None
    header: str | None
    first_visit: bool
    user_key: str | None
    on_nobody: OnNobody | None
    track_requests: str | Literal[False]


TRACKER: Final = instance_of(GrowingTracker, Said("a GrowingTracker", "GrowingTracker"))
TYPES: Final[OptionTypes] = {
    "tracker": TRACKER,
    "user": FUNCTION.or_none(),
    "cookie": NAME.or_none(),
    "header": NAME.or_none(),
    "first_visit": FLAG,
    "user_key": NAME.or_none(),
    "on_nobody": choice(*ON_NOBODY).or_none(),
    "track_requests": OptionType(
        Said("a non-empty str, or False", "非空字符串，或 False"),
        lambda value: value is False or isinstance(value, str),
        lambda value: value != "",
    ),
}
"""Types of the options shared by all middleware."""


class RequestBinding:
    """Binds the ids of requests to a tracker.

    :raises GrowingParamException: if an option is unknown or invalid.
    """

    def __init__(self, tracker: GrowingTracker, **options: Unpack[RequestOptions]) -> None:
        for name in sorted(options.keys() - RequestOptions.__annotations__.keys()):
            known = RequestOptions.__annotations__
            raise GrowingParamException(
                f"unknown option {name}{hint(name, known)}; known are {', '.join(known)}", name
            )
        check_options(TYPES, {"tracker": tracker, **options})
        self.tracker: Final = tracker
        self.makes_visitors: Final = options.get("first_visit", False)
        cookie = options.get("cookie")
        self.cookie: Final = VISITOR_COOKIE if cookie is None and self.makes_visitors else cookie
        if self.makes_visitors and not _COOKIE_NAME.fullmatch(self.cookie or ""):
            raise GrowingParamException(
                f"cookie {self.cookie!r} is not a valid cookie name", "cookie"
            )
        header = options.get("header")
        self.header: Final = None if header is None else header.lower()
        self.user_key: Final = options.get("user_key")
        self._on_nobody: OnNobody | None = options.get("on_nobody")
        event = options.get("track_requests", False)
        self.event: Final = None if event is False else event
        """The event to track for each request; ``None`` is none."""

    def request(
        self,
        header_value: Callable[[str], str | None],
        find_user: Callable[[], object] | None,
        *,
        find_seen_user: Callable[[], object] | None = None,
        is_debug: bool = False,
    ) -> BoundRequest:
        """Return a request that starts now.

        :param header_value: returns a header by its name in lower case, or ``None``.
        :param find_user: returns the user's id or ``None``; called only for events, and may raise.
            ``None``: requests have no user.
        :param find_seen_user: the same for the request's own event, without loading anything;
            ``None`` is ``find_user``.
        :param is_debug: whether the application is in debug mode.
        """
        visitor = anonymous_id_of(header_value, self.header, self.cookie)
        is_new = self.makes_visitors and visitor is None
        if is_new:
            visitor = uuid.uuid4().hex
        default: OnNobody = "warn" if is_debug or sys.flags.dev_mode else "drop"
        on_nobody = self._on_nobody or default
        user = None if find_user is None else safe_user(find_user)
        seen = user if find_seen_user is None else safe_user(find_seen_user)
        return BoundRequest(self, visitor, (user, seen), on_nobody, is_new=is_new)


class BoundRequest:
    """One request: its visitor and user, and its own event.

    :param users: functions that return the user for events, and for the request's own event.
    :param is_new: whether the visitor's id was created for this request.
    """

    def __init__(
        self,
        binding: RequestBinding,
        visitor: str | None,
        users: tuple[FindUser | None, FindUser | None],
        on_nobody: OnNobody,
        *,
        is_new: bool,
    ) -> None:
        self.new_visitor: Final = visitor if is_new else None
        """The id to set in the response's cookie; ``None`` if the visitor has one."""
        self._binding = binding
        self._find_user, self._find_seen_user = users
        self._flow = binding.tracker.flow(
            anonymous_id=visitor,
            login_user_key=None if self._find_user is None else binding.user_key,
            login_user_id=self._find_user,
            on_nobody=on_nobody,
        )
        self._started_s = time.perf_counter()

    def bound(self) -> AbstractContextManager[None]:
        """Return a block in which events carry the ids of the request.

        It may be left and entered again while the response is being produced.
        """
        return self._flow.entered()

    def set_cookie(self, *, is_secure: bool) -> str | None:
        """Return the value of the header ``Set-Cookie``, or ``None`` for a known visitor.

        :param is_secure: whether the request came over HTTPS.
        """
        if self.new_visitor is None:
            return None
        pair = f"{self._binding.cookie}={self.new_visitor}"
        secure = "; Secure" if is_secure else ""
        return f"{pair}; Max-Age={COOKIE_MAX_AGE_S}; Path=/; HttpOnly; SameSite=Lax{secure}"

    def whom(self) -> Subject | None:
        """Return the subject of the request's event. Call it inside the request's block.

        ``None`` if there is none, or if requests are not tracked.
        """
        if self._binding.event is None:
            return None
        try:
            if self._find_seen_user is self._find_user:
                return subject_or_nobody(self._binding.tracker)
            with self._binding.tracker.context(
                login_user_key=self._binding.user_key, login_user_id=self._find_seen_user
            ):
                return subject_or_nobody(self._binding.tracker)
        except Exception:  # from a function by which the tracker itself was bound to a user
            _log.warning("the user of a request could not be determined", exc_info=True)
            return None

    def track(self, whom: Subject | None, method: str, path: str, status: int | None) -> None:
        """Track the request if ``track_requests`` is set. Never raises.

        :param whom: the result of :meth:`whom`.
        :param status: ``None`` if the request ended without a response.
        """
        event = self._binding.event
        if event is None or whom is None:
            return
        duration_ms = round((time.perf_counter() - self._started_s) * 1000, 3)
        attributes = {"method": method, "path": path, "status": status, "duration_ms": duration_ms}
        try:
            track_about(self._binding.tracker, whom, event, attributes)
        except Exception:
            _log.warning("the event of a request could not be tracked", exc_info=True)


def subject_or_nobody(tracker: GrowingTracker) -> Subject:
    """Return the current subject of events, with ``"$notuser"`` if it has no id."""
    subject = tracker.current_subject()
    if subject.login_user_id or subject.anonymous_id:
        return subject
    return subject._replace(login_user_key=NOT_USER)


def track_about(
    tracker: GrowingTracker, subject: Subject, name: str, attributes: Attributes
) -> None:
    """Track an event about ``subject``, with the bound attributes.

    :raises GrowingParamException: if it cannot be sent.
    :raises GrowingIOException: see the consumer.
    """
    tracker.track_custom_event(
        name,
        anonymous_id=subject.anonymous_id,
        login_user_key=subject.login_user_key,
        login_user_id=subject.login_user_id,
        attributes=attributes,
    )
