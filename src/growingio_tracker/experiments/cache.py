"""The answers that were given lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from growingio_tracker._clock import Clock
from growingio_tracker.experiments.experiment import Experiment


class Visit(NamedTuple):
    """Who is asked about, and for which layer."""

    layer_id: str
    distinct_id: str


class _Entry(NamedTuple):
    experiment: Experiment
    until: float


class Cache:
    """Remembers at most ``size`` answers, each for ``seconds``, and as the last one beyond that.

    It may be used from any thread.
    """

    def __init__(self, size: int, seconds: float, clock: Clock) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._entries: OrderedDict[Visit, _Entry] = OrderedDict()
        self._lock = threading.Lock()  # guards the entries

    def fresh(self, visit: Visit) -> Experiment | None:
        """Return the answer if it is not too old."""
        with self._lock:
            return self._fresh(visit)

    def last(self, visit: Visit) -> Experiment | None:
        """Return the answer, however old it is."""
        with self._lock:
            entry = self._entries.get(visit)
            return entry.experiment if entry else None

    def put(self, visit: Visit, experiment: Experiment) -> bool:
        """Remember an answer; return False if another thread has just remembered one."""
        with self._lock:
            was_first = self._fresh(visit) is None
            self._entries[visit] = _Entry(experiment, self._clock.monotonic() + self._seconds)
            self._entries.move_to_end(visit)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
            return was_first

    def forget(self, visit: Visit) -> None:
        """Do not give this answer again."""
        with self._lock:
            self._entries.pop(visit, None)

    def _fresh(self, visit: Visit) -> Experiment | None:
        entry = self._entries.get(visit)
        if entry is None or self._clock.monotonic() >= entry.until:
            return None
        self._entries.move_to_end(visit)
        return entry.experiment
