"""The collector object's calls about what it received."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from growingio_tracker.collector.filters import Filters, make_filter
from growingio_tracker.collector.forward.view import count_states
from growingio_tracker.collector.plan.load import load_plan
from growingio_tracker.collector.plan.outcome import Outcome, make_outcome
from growingio_tracker.collector.plan.plans import Plans
from growingio_tracker.collector.plan.report import Report, make_report
from growingio_tracker.collector.query import count_all, find_events, find_requests
from growingio_tracker.collector.rows import Event, Request, Totals
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.waiting import gather, timed_out
from growingio_tracker.exceptions import GrowingError, GrowingParamException

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ReceivedCalls:
    """Lets a test or a program look at what was received, wait for it, and forget it.

    ``_stored_before`` is the id of the newest event from before the start.
    """

    _store: Store
    _plans: Plans
    _stored_before: int
    _closed: bool

    def events(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Event]:
        """Return the stored events, oldest first.

        :param limit: only the newest so many; None means all.
        :param filters: ``name``, ``user``, ``verdict`` and more, see ``Filters``.
        :raises GrowingParamException: ``limit`` is negative, or a filter is unknown.
        :raises GrowingError: the collector is closed.
        """
        _check_not_negative(limit=limit)
        wanted = make_filter(filters)
        return find_events(self._path, wanted, limit=limit, newest=True)[::-1]

    def requests(self, limit: int | None = None) -> list[Request]:
        """Return the stored requests, oldest first.

        :param limit: only the newest so many; None means all.
        :raises GrowingParamException: ``limit`` is negative.
        :raises GrowingError: the collector is closed.
        """
        _check_not_negative(limit=limit)
        return find_requests(self._path, limit=limit, newest=True)[::-1]

    def wait(
        self,
        count: int = 1,
        timeout: float = 5.0,
        **filters: Unpack[Filters],
    ) -> list[Event]:
        """Block until ``count`` events match, and return the first ``count``, oldest first.

        Events that arrived before the call count. The filters are those of ``events()``.

        :param timeout: in seconds; 0 only looks.
        :raises GrowingParamException: ``count`` or ``timeout`` is negative, or a filter is unknown.
        :raises WaitTimeoutError: they did not arrive in time, or the collector was closed.
        :raises GrowingError: the collector is closed.
        """
        wanted = make_filter(filters)
        _check_not_negative(count=count, timeout=timeout)
        gathering = gather(self._checked_store, wanted, count, timeout)
        if gathering.complete:
            return gathering.events
        raise timed_out(gathering, timeout)

    def totals(self) -> Totals:
        """Return how much is stored.

        :raises GrowingError: the collector is closed.
        """
        return count_all(self._path)

    def plan_report(self, plan: str | Path | None = None) -> Report:
        """Return how what was received since the start compares with a tracking plan.

        :param plan: the plan's file, YAML or CSV; None, the default, is the collector's own plan.
        :raises GrowingParamException: there is no plan, or it cannot be used.
        :raises GrowingError: the collector is closed.
        """
        loaded = self._plans.required() if plan is None else load_plan(Path(plan))
        return make_report(self._path, loaded.plan, after=self._stored_before)

    def outcome(self) -> Outcome:
        """Return what a build may fail on, since the start.

        :raises GrowingError: the collector is closed.
        """
        loaded = self._plans.current()
        return make_outcome(self._path, loaded.plan if loaded else None, self._stored_before)

    def forward_counts(self) -> dict[str, int]:
        """Return how many requests are ``waiting``, ``sending``, ``done``, ``failed``, ``held``.

        :raises GrowingError: the collector is closed.
        """
        return count_states(self._path)

    def clear(self) -> None:
        """Forget all events and requests. Row ids go on from where they were.

        :raises GrowingError: the collector is closed.
        """
        self._checked_store.clear()

    @property
    def _checked_store(self) -> Store:
        if self._closed:
            raise GrowingError("The collector is closed; ask it before its with block ends.")
        return self._store

    @property
    def _path(self) -> Path:
        return self._checked_store.path


def _check_not_negative(**arguments: float | None) -> None:
    for name, value in arguments.items():
        if value is not None and value < 0:
            raise GrowingParamException(f"{name}: {value} is negative; it must be 0 or more.")
