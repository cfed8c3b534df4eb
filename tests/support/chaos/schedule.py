"""What happens in a run, drawn from a seed: no process, no network, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from random import Random
from typing import Final, Literal, TypeAlias, TypeVar

from msgspec import Struct

Strategy: TypeAlias = Literal["async", "durable"]
Overflow: TypeAlias = Literal["drop_new", "drop_oldest", "block", "raise"]


class Fault(Enum):
    """What is wrong with the server."""

    DOWN = "nobody listens"
    HANGING = "accepts and never answers"
    SLOW = "answers slowly"
    LATE = "stores, and answers after the time-out"
    ERROR = "500"
    UNAVAILABLE = "503"
    THROTTLED = "429 with Retry-After"
    TOO_LARGE = "413 for large bodies"
    UNAUTHORIZED = "401"
    DROPPED = "closes before reading"
    STORED_AND_DROPPED = "stores, and closes without an answer"
    GARBAGE = "answers no HTTP, and stores nothing"
    TRUNCATED = "stores, and closes in the midst of its answer"
    BROKEN_TLS = "breaks the TLS handshake"


class Blow(Enum):
    """What befalls a process."""

    KILL = "SIGKILL"
    TERMINATE = "SIGTERM, whose handler exits"
    FORK = "fork, and the child closes"
    FORK_AND_KILL = "fork, and SIGKILL of the child"
    CLOCK_JUMP = "jump of the wall clock"
    DISK_FULL = "full disk"


_NEEDS_A_DISK: Final = frozenset({Blow.KILL, Blow.FORK_AND_KILL, Blow.DISK_FULL})
"""What loses events by definition, or cannot happen, where they wait in memory."""

_HOUR_MS: Final = 3_600_000
_JUMPS_MS: Final = tuple(sign * hours * _HOUR_MS for hours in (1, 5, 24, 72) for sign in (1, -1))
_FULL_AT_KIB: Final = (0, 16, 128)


class Step(Struct, frozen=True):
    """One or two things that happen at one point of a run; a blow falls amid the fault.

    :param after: how many events calls have handed over by then.
    :param hits: the fault is over after meeting so many requests, 0 being no limit, …
    :param lasts_s: … and after so many seconds at the latest.
    :param slot: which of the processes the blow befalls.
    :param jump_ms: how far the clock is off from then on; within the days that a spool keeps.
    :param full_at_kib: no file can grow beyond this.
    """

    after: int
    fault: Fault | None = None
    blow: Blow | None = None
    hits: int = 1
    lasts_s: float = 0.3
    slot: int = 0
    jump_ms: int = 0
    full_at_kib: int = 0

    @property
    def faults(self) -> int:
        return (self.fault is not None) + (self.blow is not None)


class Plan(Struct, frozen=True):
    """A whole run.

    :param poison_every: of each thread's events, every so many is one that the server refuses.
    :param overflow: what a queue does with an event when ``max_events`` wait.
    """

    seed: int
    strategy: Strategy
    events: int
    steps: tuple[Step, ...]
    tls: bool
    poison_every: int
    overflow: Overflow
    max_events: int
    processes: int = 2
    threads: int = 2

    @property
    def faults(self) -> int:
        return sum(step.faults for step in self.steps)


def plan(
    seed: int,
    strategy: Strategy,
    *,
    events: int,
    faults: int,
    tls: bool = False,
    overflow: Overflow = "block",
) -> Plan:
    """Return the run that belongs to a seed: at least ``faults`` faults, one more at most."""
    random = Random(f"{seed} {strategy} {events} {faults} {tls}")
    server_faults = [f for f in Fault if tls or f is not Fault.BROKEN_TLS]
    durable = strategy == "durable"
    blows = [b for b in Blow if durable or b not in _NEEDS_A_DISK]
    happenings = drawn(random, server_faults, blows, faults)
    places = sorted(random.sample(range(1, events), len(happenings)))
    return Plan(
        seed,
        strategy,
        events,
        tuple(_step(random, after, *what) for after, what in zip(places, happenings, strict=True)),
        tls,
        poison_every=max(400, events // 200),
        # A call that raises has not taken the event, so nothing has to be dropped and counted.
        overflow="raise" if durable else overflow,
        max_events=20_000 if durable else 1000,
    )


def _step(random: Random, after: int, fault: Fault | None, blow: Blow | None) -> Step:
    return Step(
        after,
        fault,
        blow,
        hits=_HITS[fault] if fault in _HITS else random.randint(1, 6),
        lasts_s=round(random.uniform(0.05, 0.5), 3),
        slot=random.randrange(2),
        jump_ms=random.choice(_JUMPS_MS) + random.randint(-5000, 5000),
        full_at_kib=random.choice(_FULL_AT_KIB),
    )


# Nobody counts the connections that are refused; a request that hangs ends with the fault; and a
# late answer costs a whole time-out, Retry-After a second.
_HITS: Final[Mapping[Fault | None, int]] = {
    Fault.DOWN: 0,
    Fault.HANGING: 0,
    Fault.LATE: 1,
    Fault.THROTTLED: 1,
}

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Enum)
_B = TypeVar("_B", bound=Enum)


def endless(random: Random, kinds: list[_T]) -> Iterator[_T]:
    """Yield every kind in random order, and again in another, so that none is forgotten."""
    while True:
        yield from random.sample(kinds, len(kinds))


def drawn(
    random: Random, faults: list[_F], blows: list[_B], least: int
) -> list[tuple[_F | None, _B | None]]:
    """Draw what happens together, until that is at least ``least`` faults and blows."""
    next_fault, next_blow = endless(random, faults), endless(random, blows)
    happenings: list[tuple[_F | None, _B | None]] = []
    while sum((fault is not None) + (blow is not None) for fault, blow in happenings) < least:
        what = random.choices(["fault", "blow", "both"], [55, 15, 30])[0]
        happenings.append(
            (
                next(next_fault) if what != "blow" else None,
                next(next_blow) if what != "fault" else None,
            )
        )
    return happenings
