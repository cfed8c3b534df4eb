"""Where a fixture's events come from: a collector in this process, or one that already runs."""

from __future__ import annotations

import re
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from growingio_tracker.collector import Collector, Event, Keep, Miss, WaitTimeoutError
from growingio_tracker_pytest.remote import Remote

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from growingio_tracker.collector import Filters
    from growingio_tracker.collector.faults import FaultOptions

_RUN_NAME_CHARACTERS: Final = 40


class Source(Protocol):
    """A collector, as far as the fixture needs it; the end of its ``with`` block closes it."""

    @property
    def url(self) -> str:
        """What a client takes as its host."""
        ...

    def matching(self, **filters: Unpack[Filters]) -> list[Event]:
        """Return the events that match, oldest first.

        :raises GrowingError: they cannot be read.
        """
        ...

    def gather(
        self, count: int, timeout: float, **filters: Unpack[Filters]
    ) -> tuple[list[Event], list[Miss]]:
        """Wait for ``count`` events that match, for up to ``timeout`` seconds.

        Return them, oldest first. When they are fewer, those that almost match come with them.

        :raises GrowingError: the collector does not answer.
        """
        ...

    def clear(self) -> None:
        """Forget all events."""
        ...

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Let the next ``count`` requests fail.

        :raises GrowingParamException: ``count`` is below 1, or an option cannot be used.
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
        """Return the events that match; see ``Source``."""
        return self.events(**filters)

    def gather(
        self, count: int, timeout: float, **filters: Unpack[Filters]
    ) -> tuple[list[Event], list[Miss]]:
        """Wait for ``count`` events that match; see ``Source``."""
        try:
            return self.wait(count, timeout, **filters), []
        except WaitTimeoutError as error:
            return error.events, error.nearest


def open_source(url: str | None, name: str) -> Source:
    """Start a collector, or begin a run in the one at ``url``.

    :param url: None starts one.
    :param name: of the test; the name of the run begins with it.
    :raises GrowingError: none can be started, or none answers at ``url``.
    """
    if url is None:
        # A test can look at everything that it sent.
        return Embedded(keep=Keep(None, None))
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name)[:_RUN_NAME_CHARACTERS].strip("-")
    return Remote(url, f"{readable}-{uuid4().hex[:12]}")
