"""Collector in tests: the sources of a fixture's events.

They are a collector in this process, or one that already runs.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Final, Protocol
from uuid import uuid4

from growingio_collector import Collector, Event, Filters, Keep, WaitTimeoutError
from growingio_collector.receiving.faults import FaultOptions
from growingio_collector.testing.remote import Gathered, Remote
from growingio_wire.checks import Unpack

_RUN_NAME_CHARACTERS: Final = 40


class EventSource(Protocol):
    """Everything the fixture needs from a collector; leaving its ``with`` block closes it."""

    @property
    def url(self) -> str:
        """Server host for clients."""
        ...

    def matching(self, **filters: Unpack[Filters]) -> list[Event]:
        """Return the events that match, oldest first.

        :raises GrowingError: if they cannot be read.
        """
        ...

    def gather(self, count: int, timeout: float, **filters: Unpack[Filters]) -> Gathered:
        """Wait for ``count`` events that match, for up to ``timeout`` seconds.

        Return them, oldest first; if there are too few, with the causes.

        :raises GrowingError: if the collector does not answer.
        """
        ...

    def clear(self) -> None:
        """Forget all events."""
        ...

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Make the next ``count`` requests fail.

        :raises GrowingParamException: if ``count`` is below 1, or an option cannot be used.
        """
        ...

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Embedded(Collector):
    """A collector in this process."""

    def matching(self, **filters: Unpack[Filters]) -> list[Event]:
        """Return the events that match; see ``EventSource``."""
        return self.events(**filters)

    def gather(self, count: int, timeout: float, **filters: Unpack[Filters]) -> Gathered:
        """Wait for ``count`` events that match; see ``EventSource``."""
        try:
            return Gathered(self.wait(count, timeout, **filters))
        except WaitTimeoutError as error:
            return Gathered(error.events, error.nearest, error.causes)

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Make the next ``count`` requests fail; see ``EventSource``."""
        self.faults.fail_next(count, **options)


def open_source(url: str | None, name: str) -> EventSource:
    """Start a collector, or begin a run in the one at ``url``.

    :param url: None starts one.
    :param name: of the test; the name of the run begins with it.
    :raises GrowingError: none can be started, or none answers at ``url``.
    """
    if url is None:
        # Tests may inspect everything they sent, so nothing is pruned.
        return Embedded(keep=Keep(None, None))
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name)[:_RUN_NAME_CHARACTERS].strip("-")
    return Remote(url, f"{readable}-{uuid4().hex[:12]}")
