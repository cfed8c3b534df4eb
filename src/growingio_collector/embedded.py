"""Collector as an object, for tests, demos and the command."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from growingio_collector.plan.report import Outcome, Report, make_outcome, make_report
from growingio_collector.receiving.experiments import Experiments
from growingio_collector.receiving.faults import Faults
from growingio_collector.service import Service
from growingio_collector.settings import Forwarding, Handling, Info, Serving
from growingio_collector.store import EventStore
from growingio_collector.store.diagnosis import Cause, why_nothing
from growingio_collector.store.filter import Filters, make_filter
from growingio_collector.store.forwards import count_states
from growingio_collector.store.pruning import Keep
from growingio_collector.store.reading import count_all, find_events, find_requests
from growingio_collector.store.rows import Event, StoredRequest, Totals
from growingio_collector.store.waiting import follow, gather, timed_out
from growingio_wire.checks import Unpack, check_class, check_fields
from growingio_wire.errors import GrowingError, invalid
from growingio_wire.plan.reading import load_plan
from growingio_wire.said import Said

DEFAULT_PORT: Final = 8917


class Collector:
    """A local server for GrowingIO clients that keeps and shows what they send.

    It serves in a thread of its own until ``close()`` or the end of the ``with`` block. Every
    request is stored before the response is sent, so once a client has its response, the events are
    there. Calls may come from any thread; after closing, those that read what was received raise
    ``GrowingError``.

    :param port: 0, the default, takes any free port.
    :param db: the SQLite file to store everything in, created if it does not exist. None, the
        default, is a temporary file that ``close()`` removes.
    :param plan: the file of a tracking plan, YAML or CSV, to compare with; it is reloaded when it
        changes. None, the default, uses the plan stored in ``db``, if any.
    :param keep: how much to keep; by default 10,000 events of the last seven days.
    :param serving: further addresses to listen on, and who may read; by default this machine only.
    :param handling: how to process requests; by default they are stored unchanged.
    :param forwarding: where to forward stored requests; None, the default, is nowhere.
    :raises GrowingParamException: if the port or a file cannot be used.
    :raises MissingExtraError: if ``serving`` enables TLS, and the package for it is not installed.
    """

    def __init__(
        self,
        port: int = 0,
        db: str | Path | None = None,
        *,
        plan: str | Path | None = None,
        keep: Keep = Keep(),
        serving: Serving = Serving(),
        handling: Handling = Handling(),
        forwarding: Forwarding | None = None,
    ) -> None:
        check_class(port, "port", int)
        check_class(db, "db", str, Path, type(None))
        check_class(plan, "plan", str, Path, type(None))
        check_class(keep, "keep", Keep)
        check_fields(keep)
        check_class(serving, "serving", Serving)
        check_class(handling, "handling", Handling)
        check_class(forwarding, "forwarding", Forwarding, type(None))
        self._service = Service(port, db, plan, keep, serving, handling, forwarding)
        self._closing = threading.Lock()
        self._closed = False

    @property
    def faults(self) -> Faults:
        """Simulated faults: ``collector.faults.fail_next(2, status=503)``."""
        return self._service.faults

    @property
    def experiments(self) -> Experiments:
        """The experiments served to clients: ``collector.experiments.set("42", {…})``."""
        return self._service.experiments

    @property
    def port(self) -> int:
        """The first port it listens on."""
        return self._service.listening.port

    @property
    def url(self) -> str:
        """The server host for clients on this machine: ``http://127.0.0.1:PORT``."""
        return self._service.listening.url

    @property
    def page_url(self) -> str:
        """The address of the page; it contains the token if other machines may connect."""
        return self._service.listening.page_url

    @property
    def network_page_url(self) -> str | None:
        """The address of the page for a phone in the same network; None if only this machine can
        connect."""
        return self._service.listening.network_page_url

    @property
    def token(self) -> str | None:
        """The token of the page and the API; None if they require none."""
        return self._service.listening.access.token

    def info(self) -> Info:
        """Return this collector's addresses, file and limits."""
        return self._service.info()

    def events(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Event]:
        """Return the stored events, oldest first.

        :param limit: only this many of the newest; None means all.
        :param filters: ``name``, ``user``, ``verdict`` and more, see ``Filters``.
        :raises GrowingParamException: if ``limit`` is negative, or a filter is unknown.
        """
        _check_not_negative(limit=limit)
        wanted = make_filter(filters)
        return find_events(self._store.path, wanted, limit=limit, newest=True)[::-1]

    def requests(self, limit: int | None = None) -> list[StoredRequest]:
        """Return the stored requests, oldest first.

        :param limit: only this many of the newest; None means all.
        :raises GrowingParamException: if ``limit`` is negative.
        """
        _check_not_negative(limit=limit)
        return find_requests(self._store.path, limit=limit, newest=True)[::-1]

    def wait(self, count: int = 1, timeout: float = 5.0, **filters: Unpack[Filters]) -> list[Event]:
        """Block until ``count`` events match, and return the first ``count``, oldest first.

        Events that arrived before the call count, too. The filters are those of ``events()``.

        :param timeout: seconds; 0 does not wait.
        :raises GrowingParamException: if ``count`` or ``timeout`` is negative, or a filter is
            unknown.
        :raises WaitTimeoutError: if they do not arrive in time, or the collector is closed.
        """
        wanted = make_filter(filters)
        _check_not_negative(count=count, timeout=timeout)
        gathering = gather(self._store, wanted, count, timeout)
        if gathering.complete:
            return gathering.events
        raise timed_out(gathering, timeout, self.url)

    def follow(self) -> Iterator[Event]:
        """Yield every event since the collector started, then each new one as it arrives.

        Ends once the collector has stopped and all events were yielded. Events that were in ``db``
        before are not included.
        """
        service = self._service
        return follow(self._store, service.stored_before, lambda: service.server.alive)

    @property
    def last_id(self) -> int:
        """The id of the newest event, or 0 if there is none: a cursor for ``after``."""
        return self._store.last_event

    def why_nothing(self, **filters: Unpack[Filters]) -> list[Cause]:
        """Explain why nothing, or nothing more, matches, and what to do next.

        :raises GrowingParamException: if a filter is unknown.
        """
        return why_nothing(self._store.path, make_filter(filters), self.url)

    def totals(self) -> Totals:
        """Return the number of stored events and requests."""
        return count_all(self._store.path)

    def plan_report(self, plan: str | Path | None = None) -> Report:
        """Compare what was received since the start with a tracking plan.

        :param plan: the plan's file, YAML or CSV; None, the default, is the collector's own plan.
        :raises GrowingParamException: if there is no plan, or it is invalid.
        """
        service = self._service
        loaded = service.plans.required() if plan is None else load_plan(Path(plan))
        return make_report(self._store.path, loaded.plan, after=service.stored_before)

    def outcome(self) -> Outcome:
        """Return the findings since the start that can fail a build."""
        loaded = self._service.plans.current()
        plan = loaded.plan if loaded else None
        return make_outcome(self._store.path, plan, self._service.stored_before)

    def forward_counts(self) -> dict[str, int]:
        """Return how many requests are ``waiting``, ``sending``, ``done``, ``failed``, ``held``."""
        return count_states(self._store.path)

    def clear(self) -> None:
        """Remove all events and requests. Row ids continue from where they were."""
        self._store.clear()

    @property
    def _store(self) -> EventStore:
        if self._closed:
            raise GrowingError(
                Said(
                    "The collector is closed; ask it before its with block ends.",
                    "采集器已关闭；请在其 with 语句块结束之前查询。",
                )
            )
        return self._service.store

    def stop(self) -> None:
        """Stop serving; what was received can still be read. May be called repeatedly."""
        self._service.stop()

    def close(self) -> None:
        """Stop serving and remove a temporary store. May be called repeatedly, from any thread."""
        with self._closing:
            self._closed = True
            self._service.close()

    def __enter__(self) -> Collector:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _check_not_negative(**arguments: float | None) -> None:
    for name, value in arguments.items():
        if value is not None and value < 0:
            raise invalid(
                f"{name}: {value} is negative; it must be 0 or more.",
                f"{name}：{value} 是负数；必须为 0 或更大。",
            )
