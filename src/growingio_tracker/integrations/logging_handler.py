"""Logging handler that tracks selected log records as events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from growingio_tracker.integrations.request_binding import TRACKER, subject_or_nobody, track_about
from growingio_tracker.model.option_types import FUNCTION, NAME
from growingio_tracker.model.options import check_options
from growingio_tracker.tracker import GrowingTracker

_OURS: Final = "growingio_tracker"
_OUR_THREADS: Final = "growingio-"
_ORDINARY: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
"""Attributes of every log record; all others come from ``extra``."""

_TYPES: Final = {"tracker": TRACKER, "event": NAME, "include": FUNCTION.or_none()}


class EventHandler(logging.Handler):
    """Tracks log records as events, with the ids that are bound, if any.

    An event has the attributes ``message`` (formatted by the handler's formatter), ``logger``,
    ``level``, ``exception`` (its type, if there is one), and everything passed as ``extra``.

    Delivery never causes further events: records logged by this package, in its threads, or while a
    record is being tracked, are ignored. Nothing is raised: a record that cannot be tracked is
    passed to :meth:`logging.Handler.handleError`, which prints it.

    :param tracker: the tracker; use one that sends in the background, so that logging never waits.
    :param event: the name of the events.
    :param level: records below it are ignored. Default ``logging.WARNING``.
    :param include: returns whether to track a record; ``None`` tracks all.
    :raises GrowingParamException: if an argument is invalid; the message names it.
    """

    def __init__(
        self,
        tracker: GrowingTracker,
        event: str = "log",
        level: int | str = logging.WARNING,
        include: Callable[[logging.LogRecord], bool] | None = None,
    ) -> None:
        super().__init__(level)
        self._tracker = tracker
        check_options(_TYPES, {"tracker": tracker, "event": event, "include": include})
        self._event = event
        self._include = include
        self._here = threading.local()
        # A filter runs before the handler's lock is taken, so none of our threads, whatever lock it
        # holds, ever waits for a thread that is tracking.
        self.addFilter(_is_foreign)

    def emit(self, record: logging.LogRecord) -> None:
        """Track ``record`` if it is included."""
        if getattr(self._here, "busy", False):
            return
        self._here.busy = True
        try:
            if self._include is None or self._include(record):
                attributes = self._attributes(record)
                track_about(
                    self._tracker, subject_or_nobody(self._tracker), self._event, attributes
                )
        except Exception:
            self.handleError(record)
        finally:
            self._here.busy = False

    def _attributes(self, record: logging.LogRecord) -> dict[str, object]:
        extra = {name: value for name, value in vars(record).items() if name not in _ORDINARY}
        attributes: dict[str, object] = {
            **extra,
            "message": self.format(record),
            "logger": record.name,
            "level": record.levelname,
        }
        if record.exc_info and record.exc_info[0] is not None:
            attributes["exception"] = record.exc_info[0].__name__
        return attributes


def _is_foreign(record: logging.LogRecord) -> bool:
    is_named_so = record.name == _OURS or record.name.startswith(_OURS + ".")
    return not (is_named_so or (record.threadName or "").startswith(_OUR_THREADS))
