"""A collector that already runs, over its REST API, confined to one run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import urllib3

from growingio_tracker.collector import Event, Miss
from growingio_tracker.collector.fault_calls import failing
from growingio_tracker.collector.nearest import Reason
from growingio_tracker.exceptions import GrowingError, GrowingParamException

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from growingio_tracker.collector import Filters
    from growingio_tracker.collector.faults import FaultOptions

_ANSWER_WITHIN_S: Final = 10.0
_LONGEST_WAIT_S: Final = 300.0
_LISTED_AT_ONCE: Final = 1000
_WAITED_IN_VAIN: Final = 408


class _Near(msgspec.Struct):
    event: Event
    why: list[str]
    why_zh: list[str]

    def miss(self) -> Miss:
        return Miss(self.event, tuple(map(Reason, self.why, self.why_zh)))


class _Events(msgspec.Struct):
    events: list[Event]
    nearest: list[_Near] = []


class Remote:
    """One run of the collector at ``url``: its clients send to ``url/run/NAME``.

    :param url: the collector's address, as ``growingio collector`` prints it, with its token if
        it asks for one.
    :param run: the run's name, of letters, digits and hyphens.
    :raises GrowingParamException: ``url`` is no address.
    :raises GrowingError: no collector answers there.
    """

    def __init__(self, url: str, run: str) -> None:
        self._base, token = _parts(url)
        # Nothing stays open when the test ends.
        self._headers = {"X-Gio-Collector": "1", "Connection": "close"}
        self._headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self._run = run
        self._faulty = False
        self._pool = urllib3.PoolManager(retries=False)
        self._call("GET", "info", {})

    @property
    def url(self) -> str:
        """What a client takes as its host."""
        return f"{self._base}/run/{self._run}"

    def matching(self, **filters: Unpack[Filters]) -> list[Event]:
        """Return the events of the run that match, oldest first; see ``Source``."""
        query = {**self._query(filters), "limit": _LISTED_AT_ONCE}
        found: list[Event] = []
        while True:
            page = self._events("events", {**query, "after": found[-1].id if found else 0}).events
            found += page
            if len(page) < _LISTED_AT_ONCE:
                return found

    def gather(
        self, count: int, timeout: float, **filters: Unpack[Filters]
    ) -> tuple[list[Event], list[Miss]]:
        """Wait for ``count`` events of the run that match; see ``Source``."""
        query = {**self._query(filters), "count": count}
        deadline = time.monotonic() + timeout
        while True:
            remaining = max(0.0, deadline - time.monotonic())
            within = min(remaining, _LONGEST_WAIT_S)
            answer = self._events("wait", {**query, "timeout": within}, within)
            if len(answer.events) == count or within == remaining:
                return answer.events, [near.miss() for near in answer.nearest]

    def clear(self) -> None:
        """Forget the events of the run, and no others.

        :raises GrowingError: the collector does not answer.
        """
        self._call("DELETE", "events", {"run": self._run})

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Let the next ``count`` requests of this run fail; with ``path``, those of any run.

        :raises GrowingParamException: ``count`` is below 1, or an option cannot be used.
        :raises GrowingError: the collector does not answer.
        """
        own: FaultOptions = {"path": f"/run/{self._run}/", **options}
        self._call("PUT", "faults", {}, msgspec.json.encode(failing(count, own)))
        self._faulty = True

    def _query(self, filters: Filters) -> dict[str, Any]:
        values: dict[str, Any] = {**filters, "run": self._run}
        attributes: Mapping[str, str] = values.pop("attributes", None) or {}
        query = {name: value for name, value in values.items() if value is not None}
        return {**query, **{f"attr.{key}": value for key, value in attributes.items()}}

    def _events(self, subject: str, query: dict[str, Any], within: float = 0.0) -> _Events:
        return msgspec.json.decode(self._call("GET", subject, query, within=within), type=_Events)

    def _call(
        self,
        method: str,
        subject: str,
        query: dict[str, Any],
        body: bytes | None = None,
        within: float = 0.0,
    ) -> bytes:
        try:
            answer = self._pool.request(
                method,
                f"{self._base}/api/v1/{subject}?{urlencode(query)}",
                body=body,
                headers=self._headers,
                timeout=within + _ANSWER_WITHIN_S,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._failed(str(error)) from error
        if answer.status not in (200, _WAITED_IN_VAIN):
            raise self._failed(f"{method} {subject} was answered {answer.status}")
        return answer.data

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
        try:
            if self._faulty:
                self._call("DELETE", "faults", {})
        finally:
            self._pool.clear()


def _parts(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise GrowingParamException(
            f"--growingio-collector-url: {url!r} is no address such as http://127.0.0.1:8917. "
            "Give what growingio collector prints."
        )
    [token] = parse_qs(parts.query).get("token", [None])
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), token
