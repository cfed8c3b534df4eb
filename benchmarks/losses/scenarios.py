"""The scenarios, each written once for every SDK."""

from __future__ import annotations

import signal
from typing import NamedTuple

from benchmarks.losses.server import Answer, accept_late, answer, drop, refuse


class Fault(NamedTuple):
    """What the server does instead of accepting, from an event on."""

    answer: Answer
    after: int
    seconds: float | None
    """None is until the first process has ended."""


class Kill(NamedTuple):
    """A signal to the process, at an event."""

    signal: signal.Signals
    after: int


class Scenario(NamedTuple):
    """One row of the tables."""

    name: str
    says: str
    way: str = "end"
    events: int = 1234
    """No multiple of any SDK's batch size, so that something is left at the end."""
    per_second: int = 150
    fault: Fault | None = None
    kill: Kill | None = None
    then: int = 0
    """So many events are tracked by a second process, which ends normally."""


SCENARIOS = (
    Scenario("normal", "no fault, the documented last call at the end"),
    Scenario("leave", "no fault, the program just ends, without the last call", way="leave"),
    Scenario(
        "unavailable",
        "the server answers 503 for 3 s in the middle",
        fault=Fault(answer(503), after=150, seconds=3),
    ),
    Scenario(
        "refused",
        "the server refuses connections for 15 s, and is back 9 s before the end",
        per_second=50,
        fault=Fault(refuse, after=50, seconds=15),
    ),
    Scenario(
        "dropped",
        "for 3 s connections are cut after the request was read, before the answer",
        fault=Fault(drop, after=150, seconds=3),
    ),
    Scenario(
        "slow",
        "for 5 s the server accepts, but takes 3 s to answer",
        fault=Fault(accept_late, after=150, seconds=5),
    ),
    Scenario(
        "limited",
        "the server answers 429 with Retry-After: 2 for 3 s",
        fault=Fault(answer(429, "retry-after: 2"), after=150, seconds=3),
    ),
    Scenario(
        "killed",
        "SIGKILL after 730 events, then the program is started again",
        kill=Kill(signal.SIGKILL, after=730),
        then=504,
    ),
    Scenario(
        "terminated",
        "SIGTERM after 730 events, whose handler calls `sys.exit`",
        way="leave_at_sigterm",
        kill=Kill(signal.SIGTERM, after=730),
    ),
    Scenario(
        "forked", "half the events, `os.fork`, a quarter in each process, both end", way="fork"
    ),
    Scenario(
        "down",
        "the server is down while the program lives, and back when it is started again",
        fault=Fault(refuse, after=0, seconds=None),
        then=100,
    ),
)
