"""The scenarios, each written once for every SDK."""

from __future__ import annotations

import signal
from typing import NamedTuple

from benchmarks.losses.server import Answer, answer, drop, refuse


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
    events: int = 1000
    per_second: int = 250
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
        fault=Fault(answer(503), after=300, seconds=3),
    ),
    Scenario(
        "refused",
        "the server refuses connections for 15 s, then is back for 9 s before the end",
        events=1250,
        per_second=50,
        fault=Fault(refuse, after=50, seconds=15),
    ),
    Scenario(
        "dropped",
        "connections are cut for 3 s in the midst of the answer",
        fault=Fault(drop, after=300, seconds=3),
    ),
    Scenario(
        "limited",
        "the server answers 429 with Retry-After: 2 for 3 s",
        fault=Fault(answer(429, "retry-after: 2"), after=300, seconds=3),
    ),
    Scenario(
        "killed",
        "SIGKILL after 730 events, then the program is started again",
        kill=Kill(signal.SIGKILL, after=730),
        then=270,
    ),
    Scenario(
        "terminated",
        "SIGTERM after 730 events, whose handler calls `sys.exit`",
        way="leave_at_sigterm",
        kill=Kill(signal.SIGTERM, after=730),
    ),
    Scenario("forked", "500 events, `os.fork`, 250 more in each process, both end", way="fork"),
    Scenario(
        "down",
        "the server is down while the program lives, and back when it is started again",
        fault=Fault(refuse, after=0, seconds=None),
        then=100,
    ),
)
