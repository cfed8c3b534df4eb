"""A consumer's engines, in whose place a test may put others for a while."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from growingio_tracker.delivery.engine import Engine
from growingio_tracker.delivery.lifecycle import PerProcess

if TYPE_CHECKING:
    from growingio_tracker.consumers.base import Consumer

MakeEngine: TypeAlias = "Callable[[Consumer], Engine]"

_makers: Final[list[MakeEngine]] = []
"""What makes engines now instead of the consumers; the last one is in force."""


class Engines(PerProcess[Engine]):
    """The engines of one consumer.

    :param consumer: whose they are.
    :param make: makes the engine that the consumer means to have.
    """

    def __init__(self, consumer: Consumer, make: Callable[[], Engine]) -> None:
        super().__init__(self._made)
        self._consumer = consumer
        self._usual = make
        _all.add(self)

    def _made(self) -> Engine:
        return _makers[-1](self._consumer) if _makers else self._usual()


_all: Final[weakref.WeakSet[Engines]] = weakref.WeakSet()


@contextmanager
def engines_by(make: MakeEngine) -> Generator[list[Engine], None, None]:
    """Let ``make`` make the engine of every consumer inside the block; give those set aside.

    That goes for all consumers of the process, also for those that exist already. An engine that
    is set aside goes on with what it has, and is its consumer's again when the block ends. Nothing
    is asked on the way of an event: the engine that it meets is another one.
    """
    set_aside = {engines: usual for engines in list(_all) if (usual := engines.peek()) is not None}
    _makers.append(make)
    for engines in set_aside:
        engines.put(make(engines._consumer))
    try:
        yield list(set_aside.values())
    finally:
        _makers.remove(make)
        for engines in list(_all):
            engines.put(set_aside.get(engines))
