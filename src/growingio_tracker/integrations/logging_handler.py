"""Chosen log records as events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from growingio_tracker.arguments import text_name
from growingio_tracker.integrations.whoever import track_about, whoever
from growingio_tracker.tracker import GrowingTracker

_OURS: Final = "growingio_tracker"
_OUR_THREADS: Final = "growingio-"
_ORDINARY: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
"""What every record has; the rest is what its caller gave as ``extra``."""


class EventHandler(logging.Handler):
    """Tracks log records as events about those who are bound, or about nobody.

    An event's attributes are ``message`` (as the handler's formatter makes it), ``logger``,
    ``level``, for an exception ``exception`` (its type), and whatever the record got as ``extra``.

    No delivery makes events of its own logging: what this package logs, and what anybody logs in
    its threads or while a record is being tracked, makes none. Nothing is raised: a record that
    cannot be tracked goes to :meth:`logging.Handler.handleError`, which prints it.

    :param tracker: the tracker; one that sends in the background does not hold up who logs.
    :param event: the events' name.
    :param level: records below it are no events. Default ``logging.WARNING``.
    :param include: returns whether a record is to be an event; ``None`` takes all.
    :raises GrowingParamException: when ``event`` is not a name.
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
        self._event = text_name(event, "event")
        self._include = include
        self._here = threading.local()
        # A filter is asked before the handler's lock is taken, so that no thread of ours, whatever
        # lock it holds, ever waits for one that is just tracking.
        self.addFilter(_is_foreign)

    def emit(self, record: logging.LogRecord) -> None:
        """Track ``record`` if it is chosen."""
        if getattr(self._here, "busy", False):
            return
        self._here.busy = True
        try:
            if self._include is None or self._include(record):
                attributes = self._attributes(record)
                track_about(self._tracker, whoever(self._tracker), self._event, attributes)
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
