"""What happens in a run, drawn from a seed: no process, no network, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from random import Random
from typing import Final

from msgspec import Struct

from chaos.schedule import Fault, drawn

POISON_SHARE: Final = 200
"""About so many events of a run are refused for good."""


class Blow(Enum):
    """What befalls relays, the broker and producers."""

    RELAY_KILLED = "SIGKILL of a relay"
    RELAY_REPLACED = "SIGTERM of a relay, and another one starts"
    RELAY_JOINS = "one more relay joins the group"
    RELAY_LEAVES = "a relay leaves the group"
    BROKER_STOPPED = "the broker stands still"
    BROKER_STOPPED_LONG = "the broker stands still for longer than a session"
    PRODUCER_REPLACED = "SIGTERM of a producer, and another one starts"


SERVER_FAULTS: Final = tuple(fault for fault in Fault if fault is not Fault.BROKEN_TLS)

_ONE_REQUEST: Final[Mapping[Fault | None, int]] = {
    Fault.DOWN: 0,
    Fault.HANGING: 0,
    Fault.LATE: 1,
    Fault.THROTTLED: 1,
}
"""Nobody counts refused connections, and what hangs ends with the fault: 0 is no limit."""


class Step(Struct, frozen=True):
    """One or two things that happen at one point of a run; a blow falls amid the fault.

    :param after: how many events the server has stored by then.
    :param hits: the fault is over after meeting so many requests, 0 being no limit, …
    :param lasts_s: … and after so many seconds at the latest.
    :param slot: which of the relays or producers the blow befalls, counted around.
    """

    after: int
    fault: Fault | None
    blow: Blow | None
    hits: int
    lasts_s: float
    slot: int

    @property
    def faults(self) -> int:
        return (self.fault is not None) + (self.blow is not None)


class Plan(Struct, frozen=True):
    """A whole run.

    :param poison_every: of each thread's events, every so many is one that the server refuses.
    """

    seed: int
    events: int
    steps: tuple[Step, ...]
    poison_every: int
    partitions: int = 6
    producers: int = 2
    threads: int = 2
    relays: int = 3

    @property
    def faults(self) -> int:
        return sum(step.faults for step in self.steps)


def plan(seed: int, *, events: int, faults: int) -> Plan:
    """Return the run that belongs to a seed: at least ``faults`` faults, one more at most."""
    random = Random(f"kafka {seed} {events} {faults}")
    happenings = drawn(random, list(SERVER_FAULTS), list(Blow), faults)
    # All of them come while events are left.
    places = sorted(random.sample(range(1, events * 9 // 10), len(happenings)))
    steps = (_step(random, after, *what) for after, what in zip(places, happenings, strict=True))
    return Plan(seed, events, tuple(steps), poison_every=max(400, events // POISON_SHARE))


def _step(random: Random, after: int, fault: Fault | None, blow: Blow | None) -> Step:
    return Step(
        after,
        fault,
        blow,
        hits=_ONE_REQUEST[fault] if fault in _ONE_REQUEST else random.randint(1, 6),
        lasts_s=round(random.uniform(0.05, 0.5), 3),
        slot=random.randrange(12),
    )
