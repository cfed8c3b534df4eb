"""Decorator for functions that are frozen when they return, as in AWS Lambda."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

from growingio_tracker.integrations.request_binding import TRACKER
from growingio_tracker.model.option_types import SECONDS, choice
from growingio_tracker.model.options import OptionTypes, check_options
from growingio_tracker.model.subject import ON_NOBODY, OnNobody
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.errors import GrowingParamException
from growingio_wire.logs import logger

_R = TypeVar("_R")

_log: Final = logger(__name__)


_TYPES: Final[OptionTypes] = {
    "tracker": TRACKER,
    "reserve_s": SECONDS,
    "timeout_s": SECONDS,
    "on_nobody": choice(*ON_NOBODY),
}


def flush_before_return(
    tracker: GrowingTracker,
    reserve_s: float = 0.2,
    timeout_s: float = 5.0,
    *,
    on_nobody: OnNobody = "drop",
) -> Callable[[Callable[[Any, Any], _R]], Callable[[Any, Any], _R]]:
    """Return a decorator that delivers a handler's events before the handler returns or raises.

    Events that cannot be delivered in time stay queued for the next invocation, if there is one,
    and a warning is logged. Nothing is raised.

    :param reserve_s: seconds of the invocation's remaining time to leave unused. The time comes
        from its context (``get_remaining_time_in_millis``).
    :param timeout_s: maximum seconds to take, also if the context has no remaining time; 0 does
        not wait.
    :param on_nobody: what to do with the handler's events that have neither visitor nor user, as
        for :meth:`~growingio_tracker.GrowingTracker.context`.
    :raises GrowingParamException: if an argument is invalid, or the handler is a coroutine
        function.
    """
    given = {"tracker": tracker, "reserve_s": reserve_s, "timeout_s": timeout_s}
    check_options(_TYPES, {**given, "on_nobody": on_nobody})

    def decorate(handler: Callable[[Any, Any], _R]) -> Callable[[Any, Any], _R]:
        if inspect.iscoroutinefunction(handler):
            raise GrowingParamException(
                "handler must be a plain function; in a coroutine, await tracker.aflush(…) instead"
            )

        @functools.wraps(handler)
        def flushing(event: Any, context: Any) -> _R:
            try:
                with tracker.context(on_nobody=on_nobody):
                    return handler(event, context)
            finally:
                _flush(tracker, min(timeout_s, _remaining_s(context, timeout_s, reserve_s)))

        return flushing

    return decorate


def _remaining_s(context: object, unknown_s: float, reserve_s: float) -> float:
    remaining_ms: Callable[[], float] | None = getattr(
        context, "get_remaining_time_in_millis", None
    )
    return unknown_s if remaining_ms is None else max(0.0, remaining_ms() / 1000 - reserve_s)


def _flush(tracker: GrowingTracker, timeout_s: float) -> None:
    try:
        if not tracker.flush(timeout_s):
            _log.warning("not everything was delivered within %.1f s", timeout_s)
    except Exception:  # the handler's own result matters more
        _log.warning("not everything was delivered", exc_info=True)
