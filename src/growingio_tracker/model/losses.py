"""Losses: events that will not be delivered, attributes that were left out, and their reports."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from msgspec import Struct

from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.ending import held
from growingio_wire.logs import Log
from growingio_wire.said import Said, joined

_log: Final = Log("growingio_tracker.delivery")
_LOG_INTERVAL_S: Final = 60.0
_ON_ERROR_RAISED: Final = "on_error_raised"


class Problem(Struct, frozen=True):
    """A loss or failure, as passed to ``on_error``.

    :param reason: a fixed identifier, as in :class:`Stats`, for example ``queue_full``.
    :param detail: a sentence. It never contains attribute values or ids.
    :param events: how many events were lost; 0 if none.
    :param detail_zh: the sentence in Chinese.
    """

    reason: str
    detail: str
    events: int = 0
    detail_zh: str = ""

    @classmethod
    def of(cls, reason: str, said: Said, events: int = 0) -> Problem:
        """Return the problem that a sentence in both languages tells."""
        return cls(reason, said.en, events, said.zh)


OnError: TypeAlias = Callable[[Problem], object]


class Unsendable(Struct, frozen=True):
    """One attribute that was left out. It holds the path and the type, never the value."""

    path: str
    type_name: str
    reason: Said

    @property
    def said(self) -> Said:
        """The attribute, and why it was left out."""
        return Said(
            f"{self.path} ({self.type_name}): {self.reason.en}",
            f"{self.path}（{self.type_name}）：{self.reason.zh}",
        )

    def __str__(self) -> str:
        return self.said.en


class UnsendableError(Exception):
    """Carries an :class:`Unsendable` out of a nested value."""

    def __init__(self, path: str, value: object, reason: Said) -> None:
        self.unsendable = Unsendable(path, type(value).__name__, reason)


LeftOut: TypeAlias = tuple[Unsendable, ...]
"""Attributes that a check left out; empty if it left out none."""


def unsendable(left_out: Iterable[Unsendable]) -> Said:
    """Return which attributes were left out, and why."""
    return joined(one.said for one in left_out)


class Reporter:
    """Passes every problem to ``on_error``, and logs at most one line a minute for each reason.

    Call it without holding a lock, because both may call back into the tracker. Problems inside
    such a call are counted as usual, but not reported again.

    :ivar own_threads: the SDK's own threads, which no exception of ``on_error`` ends.
    """

    def __init__(self, on_error: OnError | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._on_error = on_error
        self._clock = clock
        self._lock = threading.RLock()  # guards the next two
        self._unlogged: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}
        self._inside = threading.local()
        self.own_threads: set[int] = set()

    def report(self, problem: Problem) -> None:
        """Pass ``problem`` on. Exceptions of ``on_error`` are logged and not raised.

        SystemExit and the like are raised in a caller's thread, where they end what they should.
        """
        if getattr(self._inside, "reporting", False):
            return
        self._inside.reporting = True
        try:
            if (events := self._to_log(problem.reason, problem.events)) is not None:
                _log.warning("%s: %s (events lost: %d)", problem.reason, problem.detail, events)
            if self._on_error is not None:
                self._on_error(problem)
        except BaseException as error:
            if not isinstance(error, Exception) and threading.get_ident() not in self.own_threads:
                raise
            if self._to_log(_ON_ERROR_RAISED) is not None:
                _log.exception("on_error raised; the event path goes on without it")
        finally:
            self._inside.reporting = False

    def _to_log(self, reason: str, events: int = 0) -> int | None:
        """Return the events that a log line about ``reason`` covers; ``None`` if it is too soon."""
        with held(self._lock):
            self._unlogged[reason] += events
            now = self._clock.monotonic()
            last = self._logged_at.get(reason)
            if last is not None and now - last < _LOG_INTERVAL_S:
                return None
            self._logged_at[reason] = now
            return self._unlogged.pop(reason)
