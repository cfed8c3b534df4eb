"""Functions as AWS Lambda runs them: frozen as soon as they return."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.tracker import GrowingTracker

_R = TypeVar("_R")

_log: Final = logging.getLogger(__name__)


def flush_before_return(
    tracker: GrowingTracker, reserve_s: float = 0.2, timeout_s: float = 5.0
) -> Callable[[Callable[[Any, Any], _R]], Callable[[Any, Any], _R]]:
    """Return a decorator that delivers what a handler tracked before the handler returns or raises.

    What cannot be delivered in time waits for the next invocation, if there is one; that is logged
    as a warning. Nothing is raised for it.

    :param reserve_s: seconds to leave of the time that the invocation has left, which its context
        tells (``get_remaining_time_in_millis``).
    :param timeout_s: seconds to take at most, also where the context tells nothing; 0 does not
        wait.
    :raises GrowingParamException: when a time is negative, or what is decorated is a coroutine
        function.
    """
    for name, value in (("reserve_s", reserve_s), ("timeout_s", timeout_s)):
        if value < 0:
            raise GrowingParamException(f"{name} must be 0 or more seconds, got {value!r}")

    def decorate(handler: Callable[[Any, Any], _R]) -> Callable[[Any, Any], _R]:
        if inspect.iscoroutinefunction(handler):
            raise GrowingParamException(
                "handler must be a plain function; in a coroutine, await tracker.aflush(…) instead"
            )

        @functools.wraps(handler)
        def flushing(event: Any, context: Any) -> _R:
            try:
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
