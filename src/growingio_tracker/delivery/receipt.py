"""Receipts: what a call returns, to learn later what became of its event."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from growingio_tracker.delivery.lane import Lane

Status: TypeAlias = Literal["delivered", "rejected", "dropped", "pending", "handed_over", "unknown"]

_MOST_REMEMBERED: Final = 1000


class Fate(Struct, frozen=True):
    """What became of one event.

    :param status: ``"delivered"``: the server accepted it. ``"rejected"``: it never will.
        ``"dropped"``: it was given up. ``"pending"``: it waits, is on its way, or was left in the
        spool when the consumer was closed. ``"handed_over"``: a relay sends it. ``"unknown"``: so
        many events were lost since that it is no longer remembered, or another process has it.
    :param reason: the short word that :class:`~growingio_tracker.Stats` counts it under; empty
        when it was delivered or is pending.
    """

    status: Status
    reason: str = ""

    @property
    def delivered(self) -> bool:
        """Whether the server accepted the event."""
        return self.status == "delivered"


DELIVERED: Final = Fate("delivered")
PENDING: Final = Fate("pending")
UNKNOWN: Final = Fate("unknown")


class _Room(Protocol):
    def fate(self, lane: Lane, place: int) -> Fate: ...
    def wait_fate(self, lane: Lane, place: int, timeout_s: float | None) -> Fate: ...


class Receipt(Struct, frozen=True, gc=False):
    """What tracking returns in the background strategies. Nobody has to keep or ask it.

    It costs next to nothing until it is asked, because it holds only the event's place. It is
    valid in the process that made it.
    """

    _room: _Room | None
    _lane: Lane | None
    _place: int
    _fate: Fate = PENDING

    @property
    def fate(self) -> Fate:
        """What became of the event so far, without waiting."""
        if self._room is None or self._lane is None:
            return self._fate
        return self._room.fate(self._lane, self._place)

    def wait(self, timeout: float | None = None) -> Fate:
        """Send the event now instead of later, and return what became of it.

        :param timeout: seconds; an event that has no outcome then is still ``"pending"``. ``None``
            waits without limit, 0 does not wait. In a callback of the consumer it never waits,
            because the thread that calls back is the one that sends.
        """
        if self._room is None or self._lane is None:
            return self._fate
        return self._room.wait_fate(self._lane, self._place, timeout)

    def __await__(self) -> Generator[Any, None, Fate]:
        """Do the same without limit, in another thread, so that the event loop goes on."""
        import asyncio  # noqa: PLC0415 - who has no event loop need not load it

        return asyncio.to_thread(self.wait).__await__()


def receipt_of(fate: Fate) -> Receipt:
    """Return the receipt of an event whose fate is known at once."""
    return Receipt(None, None, 0, fate)


class Fates:
    """Remembers which events were not delivered. Called with the queue's lock held."""

    def __init__(self) -> None:
        self._newest: deque[tuple[Lane, int, int, Fate]] = deque()
        self._forgotten: dict[Lane, int] = {}

    def note(self, lane: Lane, first: int, end: int, fate: Fate) -> None:
        """Remember the fate of the events at the places from ``first`` to before ``end``."""
        if first >= end:
            return
        self._newest.append((lane, first, end, fate))
        if len(self._newest) > _MOST_REMEMBERED:
            oldest, _, to, _ = self._newest.popleft()
            self._forgotten[oldest] = max(to, self._forgotten.get(oldest, 0))

    def find(self, lane: Lane, place: int) -> Fate:
        """Return the fate of an event that waits no more: delivered, unless noted otherwise."""
        for noted, first, end, fate in reversed(self._newest):
            if noted is lane and first <= place < end:
                return fate
        return UNKNOWN if place < self._forgotten.get(lane, 0) else DELIVERED
