"""Access to a running collector over its REST API, limited to one run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from growingio_collector import Event, Filters, Miss
from growingio_collector.receiving.faults import FaultOptions, failing
from growingio_collector.store.diagnosis import Cause
from growingio_wire.checks import Unpack
from growingio_wire.errors import GrowingError, GrowingParamException, TransportError
from growingio_wire.http import Request
from growingio_wire.http.connections import Route
from growingio_wire.http.transport import HttpTransport
from growingio_wire.said import Said

_ANSWER_WITHIN_S: Final = 10.0
_LONGEST_WAIT_S: Final = 300.0
_LISTED_AT_ONCE: Final = 1000
_WAITED_IN_VAIN: Final = 408
_MOST_BYTES: Final = 2**30


class _Near(msgspec.Struct):
    event: Event
    why: list[str]
    why_zh: list[str]

    def miss(self) -> Miss:
        return Miss(self.event, tuple(map(Said, self.why, self.why_zh)))


class _ShownCause(msgspec.Struct):
    found: str
    next: str
    found_zh: str
    next_zh: str

    def cause(self) -> Cause:
        return Cause(Said(self.found, self.found_zh), Said(self.next, self.next_zh))


class _EventPage(msgspec.Struct):
    events: list[Event]
    nearest: list[_Near] = []
    causes: list[_ShownCause] = []


class Gathered(NamedTuple):
    """Result of a wait: the events, or if too few, the closest ones and why they differ."""

    events: list[Event]
    nearest: Sequence[Miss] = ()
    causes: Sequence[Cause] = ()


class Remote:
    """One run of the collector at ``url``: its clients send to ``url/run/NAME``.

    :param url: the collector's address as ``growingio collector`` prints it, with its token if it
        requires one.
    :param run: the run's name, of letters, digits and hyphens.
    :raises GrowingParamException: if ``url`` is not an address.
    :raises GrowingError: if no collector responds there.
    """

    def __init__(self, url: str, run: str) -> None:
        self._base, token = _parts(url)
        self._headers = {"X-Gio-Collector": "1"}
        self._headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self._run = run
        self._faulty = False
        self._transport = HttpTransport(Route(self._base), connections=0, most_bytes=_MOST_BYTES)
        self._call("GET", "info", {})

    @property
    def url(self) -> str:
        """Server host for clients."""
        return f"{self._base}/run/{self._run}"

    def matching(self, **filters: Unpack[Filters]) -> list[Event]:
        """Return the events of the run that match, oldest first; see ``EventSource``."""
        query = {**self._query(filters), "limit": _LISTED_AT_ONCE}
        found: list[Event] = []
        while True:
            page = self._events("events", {**query, "after": found[-1].id if found else 0}).events
            found += page
            if len(page) < _LISTED_AT_ONCE:
                return found

    def gather(self, count: int, timeout: float, **filters: Unpack[Filters]) -> Gathered:
        """Wait for ``count`` events of the run that match; see ``EventSource``."""
        query = {**self._query(filters), "count": count}
        deadline = time.monotonic() + timeout
        while True:
            remaining = max(0.0, deadline - time.monotonic())
            within = min(remaining, _LONGEST_WAIT_S)
            answer = self._events("wait", {**query, "timeout": within}, within)
            if len(answer.events) == count or within == remaining:
                misses = [near.miss() for near in answer.nearest]
                causes = [cause.cause() for cause in answer.causes]
                return Gathered(answer.events, misses, causes)

    def clear(self) -> None:
        """Remove the events of this run only.

        :raises GrowingError: if the collector does not answer.
        """
        self._call("DELETE", "events", {"run": self._run})

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Make the next ``count`` requests of this run fail; with ``path``, those of any run.

        :raises GrowingParamException: if ``count`` is below 1, or an option cannot be used.
        :raises GrowingError: if the collector does not answer.
        """
        own: FaultOptions = {"path": f"/run/{self._run}/", **options}
        self._call("PUT", "faults", {}, msgspec.json.encode(failing(count, own)))
        self._faulty = True

    def _query(self, filters: Filters) -> dict[str, Any]:
        values: dict[str, Any] = {**filters, "run": self._run}
        attributes: Mapping[str, str] = values.pop("attributes", None) or {}
        query = {name: value for name, value in values.items() if value is not None}
        return {**query, **{f"attr.{key}": value for key, value in attributes.items()}}

    def _events(self, subject: str, query: dict[str, Any], within: float = 0.0) -> _EventPage:
        return msgspec.json.decode(
            self._call("GET", subject, query, within=within), type=_EventPage
        )

    def _call(
        self,
        method: str,
        subject: str,
        query: dict[str, Any],
        body: bytes = b"",
        within: float = 0.0,
    ) -> bytes:
        url = f"{self._base}/api/v1/{subject}?{urlencode(query)}"
        timeout_s = within + _ANSWER_WITHIN_S
        try:
            answer = self._transport.exchange(Request(url, body, self._headers, timeout_s, method))
        except TransportError as error:
            raise self._failed(str(error)) from error
        if answer.status not in (200, _WAITED_IN_VAIN):
            raise self._failed(f"{method} {subject} was answered {answer.status}")
        return answer.body

    def _failed(self, reason: str) -> GrowingError:
        return GrowingError(
            f"--growingio-collector-url: there is no usable collector at {self._base} ({reason}). "
            "Start one with: growingio collector"
        )

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._faulty:
            self._call("DELETE", "faults", {})


def _parts(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise GrowingParamException(
            f"--growingio-collector-url: {url!r} is not an address such as http://127.0.0.1:8917. "
            "Use the address that growingio collector prints."
        )
    [token] = parse_qs(parts.query).get("token", [None])
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), token
