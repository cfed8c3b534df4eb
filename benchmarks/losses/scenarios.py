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
    per_second: int = 120
    """Slow enough that after a fault of some seconds every SDK repeats once more before the end."""
    fault: Fault | None = None
    kill: Kill | None = None
    then: int = 0
    """So many events are tracked by a second process, which ends normally."""


# A fault of 3 s from event 300 on lasts beyond event 500, which fills the largest batch: no SDK
# gets past it because it had nothing to send.
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
        "the server refuses connections for 15 s, and is back 18 s before the end",
        per_second=36,
        fault=Fault(refuse, after=36, seconds=15),
    ),
    Scenario(
        "dropped",
        "for 3 s connections are cut after the request was read, before the answer",
        fault=Fault(drop, after=300, seconds=3),
    ),
    Scenario(
        "slow",
        "for 5 s the server accepts, but takes 3 s to answer",
        fault=Fault(accept_late, after=300, seconds=5),
    ),
    Scenario(
        "limited",
        "the server answers 429 with Retry-After: 2 for 3 s",
        fault=Fault(answer(429, "retry-after: 2"), after=300, seconds=3),
    ),
    Scenario(
        "killed",
        "SIGKILL after 737 events, then the program is started again",
        kill=Kill(signal.SIGKILL, after=737),
        then=497,
    ),
    Scenario(
        "terminated",
        "SIGTERM after 737 events, whose handler calls `sys.exit`",
        way="leave_at_sigterm",
        kill=Kill(signal.SIGTERM, after=737),
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
