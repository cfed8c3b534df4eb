"""Pipelines of consumers, one per process, and the settings they read from the environment.

Tests may replace them for a while.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Final, Protocol, TypeAlias

from growingio_tracker.consumers.options import ConsumerOptions
from growingio_tracker.core import ShortWay
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.process import PerProcess
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.model.option_types import TRUE_WORDS
from growingio_wire.errors import GrowingIOException
from growingio_wire.http import Transport
from growingio_wire.said import Said


class MakesSenders(Protocol):
    """Subset of a consumer that factories of pipelines use."""

    def new_sender(self, transport: Transport | None = None) -> Sender:
        """Return a sender to its server, with counts of its own."""
        ...


MakePipeline: TypeAlias = Callable[[MakesSenders], Pipeline]

_FINALIZING: Final = Said(
    "the event was not sent: the interpreter is shutting down, and can import nothing",
    "该事件没有发送：解释器正在退出，无法再导入模块",
)
_makers: Final[list[MakePipeline]] = []
"""Factories that replace those of the consumers; the last one is in force."""


class Pipelines(PerProcess[Pipeline]):
    """The pipelines of one consumer.

    :param consumer: the consumer.
    :param make: creates the consumer's own kind of pipeline.
    :ivar short_way: passes plain events to the current pipeline.
    """

    def __init__(self, consumer: MakesSenders, make: Callable[[], Pipeline]) -> None:
        self.short_way = ShortWay()
        super().__init__(self._made)
        self.consumer = consumer
        self._usual = make
        _all.add(self)

    def changed(self, value: Pipeline | None) -> None:
        """Pass plain events to this pipeline from now on."""
        self.short_way.lead_to(None if value is None else value.entrance)

    def _made(self) -> Pipeline:
        if sys.is_finalizing():
            raise GrowingIOException(_FINALIZING)
        return _makers[-1](self.consumer) if _makers else self._usual()


_all: Final[weakref.WeakSet[Pipelines]] = weakref.WeakSet()


@contextmanager
def pipelines_by(make: MakePipeline) -> Generator[list[Pipeline], None, None]:
    """Create all consumers' pipelines with ``make`` inside the block; yield those replaced.

    This applies to every consumer of the process, including existing ones. A replaced pipeline
    keeps processing its events, and is restored when the block ends. It costs nothing per event,
    because the pipelines themselves are swapped.
    """
    set_aside = {one: usual for one in list(_all) if (usual := one.peek()) is not None}
    _makers.append(make)
    for one in set_aside:
        one.put(make(one.consumer))
    try:
        yield list(set_aside.values())
    finally:
        _makers.remove(make)
        for one in list(_all):
            one.put(set_aside.get(one))


def is_disabled() -> bool:
    """Return whether ``GROWINGIO_DISABLED`` is set, so that events are accepted and discarded."""
    return os.environ.get("GROWINGIO_DISABLED", "").strip().lower() in TRUE_WORDS


def connector(options: ConsumerOptions, *, is_off: bool) -> Callable[[], Transport]:
    """Return a factory of transports that has read the environment's settings now.

    :raises ProxyError: if the environment names a proxy that cannot be used.
    """
    # urllib3 takes longer to import than everything else together, so importing this package does
    # not. Nor does the first event, which would delay a request; and a signal handler that tracks
    # might find a module half imported.
    from growingio_wire.http.connections import Route
    from growingio_wire.http.tls import warn_of_verification
    from growingio_wire.http.transport import HttpTransport

    make = Route if is_off else Route.by_environment
    route = make(options.server_host, verify_cert=options.verify_cert)
    warn_of_verification(options.verify_cert, options.server_host)
    return partial(HttpTransport, route)
