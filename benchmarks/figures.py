"""What is measured, of which SDK, and what this SDK aims for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.environments import (
    OLD_PROTOBUF,
    OLD_RELEASE,
    python_with,
    python_with_this,
    version_of,
)

Medians = Mapping[tuple[str, str], float]


class Run(NamedTuple):
    """One probe with one strategy."""

    name: str
    probe: str
    strategy: str = "background"
    events: int = 0
    rounds: int = 99


class Subject(NamedTuple):
    """One SDK."""

    key: str
    title: str
    distribution: str
    client: str
    imports: str
    environment: str | None = None
    """A name in `REQUIREMENTS`; None is this interpreter."""
    leaves_out: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    """What its environment has besides."""

    def python(self) -> str:
        return python_with(self.environment) if self.environment else sys.executable

    def python_alone(self) -> str:
        """Return an interpreter that has the SDK and nothing that it does not require."""
        return python_with(self.environment) if self.environment else python_with_this()

    def version(self) -> str:
        return version_of(self.distribution, self.python())


COMMON = (
    Run("call", "call", "waiting", 100_000),
    Run("delivery", "delivery", "background", 100_000),
    Run("single", "delivery", "single", 2_000),
    Run("memory", "memory", "waiting", 100_000, rounds=2),
)
BOTH = (*COMMON, Run("buffered", "delivery", "buffered", 100_000))
FORMATS = tuple(
    Run(name, "delivery", name, 100_000) for name in ("protobuf", "snappy", "snappy_xor")
)
OWN = (
    *BOTH,
    *FORMATS,
    Run("limit", "limit", events=100_000),
    Run("sweeps", "sweeps", events=100_000, rounds=2),
    Run("durable", "durable", rounds=1),
)
TWIN_RUNS = (*BOTH, Run("protobuf", "delivery", "protobuf", 20_000))
OLD_WITH_PROTOBUF = (Run("protobuf", "delivery", "protobuf", 20_000),)

CLIENTS = "benchmarks.clients"
OURS = f"{CLIENTS}.growingio"
THIS = Subject("this", "this SDK", "growingio_tracker", OURS, "growingio_tracker")
TWIN = Subject(
    *("twin", "this SDK, pure core", "growingio_tracker", OURS, "growingio_tracker"),
    variables=(("GROWINGIO_PURE", "1"),),
)
OLD = Subject("old", "1.0.5", "growingio_tracker", OURS, "growingio_tracker", OLD_RELEASE)
OLD_FORMAT = Subject("old_protobuf", "1.0.5", "growingio_tracker", OURS, "", OLD_PROTOBUF)


def _peer(key: str, title: str, distribution: str, imports: str, *leaves_out: str) -> Subject:
    return Subject(key, title, distribution, f"{CLIENTS}.{key}", imports, key, leaves_out)


PEERS = (
    _peer("segment", "Segment", "segment-analytics-python", "segment.analytics"),
    _peer("posthog", "PostHog", "posthog", "posthog"),
    _peer("mixpanel", "Mixpanel", "mixpanel", "mixpanel", "memory"),
    _peer("snowplow", "Snowplow", "snowplow-tracker", "snowplow_tracker"),
    _peer("amplitude", "Amplitude", "amplitude-analytics", "amplitude", "single"),
    _peer("sensors", "Sensors Data", "SensorsAnalyticsSDK", "sensorsanalytics"),
    _peer("thinkingdata", "ThinkingData", "ThinkingDataSdk", "tgasdk.sdk", "memory"),
)


def runs_of(subject: Subject) -> tuple[Run, ...]:
    """Return what is measured of an SDK."""
    if subject is THIS:
        return OWN
    if subject is TWIN:
        return TWIN_RUNS
    if subject is OLD_FORMAT:
        return OLD_WITH_PROTOBUF
    runs = BOTH if subject is OLD else COMMON
    return tuple(run for run in runs if run.name not in subject.leaves_out)


class Figure(NamedTuple):
    """One column of the tables."""

    key: str
    name: str


FIGURES = (
    Figure("call.median_ns", "one call, median, ns"),
    Figure("call.p99_ns", "one call, 99th percentile, ns"),
    Figure("delivery.events_per_s", "delivered events/s"),
    Figure("delivery.cpu_s", "CPU s per 100,000"),
    Figure("delivery.lost", "lost"),
    Figure("single.events_per_s", "one event a request, requests/s"),
    Figure("memory.mib", "MiB, 100,000 waiting"),
    Figure("imports.ms", "import, ms"),
    Figure("packages.count", "packages"),
)


OWN_FIGURES = (
    Figure("limit.encode_us", "the limit: making and encoding a record, CPU µs"),
    Figure("limit.post_us", "the limit: sending 500 of them on a bare socket, CPU µs"),
    Figure("limit.per_cpu_s", "the limit: events per CPU s"),
    Figure("limit.protobuf_us", "protobuf of a record, CPU µs"),
    Figure("durable.median_ns", "one durable call, median, ns"),
    Figure("durable.p99_ns", "one durable call, 99th percentile, ns"),
    Figure("durable.open_s", "opening 1,000,000 records on disk, s"),
    Figure("durable.drain_per_s", "drained from disk, events/s"),
    Figure("durable.drain_ratio", "the same, to the memory queue's"),
    Figure("durable.waiting_mib", "memory for 1,000,000 on disk, MiB"),
    Figure("durable.draining_mib", "memory while they drain, MiB"),
)


class Aim(NamedTuple):
    """What this SDK wants to be, as a value and a bound."""

    says: str
    value: Callable[[Medians], float]
    at_least: float | None = None
    at_most: float | None = None
    costs: str = ""
    """Where most of it goes, which is said where the aim is missed."""

    def met(self, value: float) -> bool:
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)


def _own(key: str) -> Callable[[Medians], float]:
    return lambda medians: medians["this", key]


def _to_old(
    key: str, other: str = "", who: str = "old", ours: str = "this"
) -> Callable[[Medians], float]:
    return lambda medians: medians[ours, key] / medians[who, other or key]


def _to_best_peer(key: str) -> Callable[[Medians], float]:
    def ratio(medians: Medians) -> float:
        theirs = [medians[peer.key, key] for peer in PEERS if (peer.key, key) in medians]
        if not theirs:
            raise KeyError(key)
        return medians["this", key] / max(theirs)

    return ratio


def _to_own(key: str, other: str) -> Callable[[Medians], float]:
    return lambda medians: medians["this", key] / medians["this", other]


def _of_limit(medians: Medians) -> float:
    return 100_000 / medians["this", "delivery.cpu_s"] / medians["this", "limit.per_cpu_s"]


RATE = "delivery.events_per_s"
_CARRIED_PER_S = 32 * 500 / 0.1
"""Events that 32 workers can send with requests of 500 events that take 100 ms each."""
_HANDED_OVER = "Threads hand Python's lock over to each other, which costs CPU, too."
AIMS = (
    Aim("call, ratio to 1.0.5", _to_old("call.median_ns"), at_most=0.35),
    Aim("call, 99th percentile, ns", _own("call.p99_ns"), at_most=20_000),
    Aim("events/s, ratio to 1.0.5", _to_old(RATE), at_least=8),
    Aim("CPU, ratio to 1.0.5", _to_old("delivery.cpu_s"), at_most=0.12),
    Aim("BufferedConsumer, events/s, ratio to 1.0.5", _to_old("buffered.events_per_s"), at_least=5),
    Aim("events/s, ratio to the best peer", _to_best_peer(RATE), at_least=10),
    Aim(
        "protobuf, events/s, ratio to 1.0.5",
        _to_old("protobuf.events_per_s", who="old_protobuf"),
        at_least=50,
    ),
    Aim("snappy, events/s, ratio to JSON", _to_own("snappy.events_per_s", RATE), at_least=0.75),
    Aim("snappy and XOR, ratio to JSON", _to_own("snappy_xor.events_per_s", RATE), at_least=0.75),
    Aim(
        "one event a request, ratio to 1.0.5",
        _to_old("single.events_per_s"),
        at_least=4,
        costs="More than half of a request is spent in the kernel and in the server.",
    ),
    Aim("one event a request, ratio to the best peer", _to_best_peer("single.events_per_s"), 1.0),
    Aim(
        "events per CPU s, share of the limit",
        _of_limit,
        at_least=0.5,
        costs="The other half is the call's arguments, the queue, counts and outcomes.",
    ),
    Aim(
        "import over a bare interpreter, ms",
        _own("imports.ms"),
        at_most=50,
        costs="Half is msgspec and modules of Python.",
    ),
    Aim("packages", _own("packages.count"), at_most=3),
    Aim("MiB for 100,000 waiting", _own("memory.mib"), at_most=32),
    Aim(
        "durable call, ratio to 1.0.5's call in memory",
        _to_old("durable.median_ns", "call.median_ns"),
        at_most=1.2,
        costs="Half of it is the system call that writes; 1.0.5 keeps the event in memory only.",
    ),
    Aim(
        "drained from disk, ratio to the memory queue",
        _own("durable.drain_ratio"),
        at_least=0.8,
        costs="Each record is read from its file, checked and copied, which memory spares.",
    ),
    Aim(
        "call with 1,000,000 waiting, ratio to none",
        _to_own("sweeps.waiting.1000000", "sweeps.waiting.0"),
        at_most=1.25,
    ),
    Aim(
        "CPU of a call, 8 threads to 1",
        _to_own("sweeps.threads.8", "sweeps.threads.1"),
        at_most=1.2,
        costs=_HANDED_OVER,
    ),
    Aim(
        "CPU of an event while sending, 8 threads to 1",
        _to_own("sweeps.sending.8", "sweeps.sending.1"),
        at_most=1.2,
        costs=_HANDED_OVER,
    ),
    Aim(
        "events/s at 100 ms round trip, workers=32, share of what 32 requests at a time carry",
        lambda medians: medians["this", "sweeps.workers.100"] / _CARRIED_PER_S,
        at_least=0.7,
        costs="Users are not spread evenly over the workers, and the last requests are not full.",
    ),
    Aim(
        "pure core: call, ratio to 1.0.5",
        _to_old("call.median_ns", ours="twin"),
        at_most=1.0,
        costs="The call checks and encodes the event; 1.0.5 encodes it later, in its thread.",
    ),
    Aim("pure core: events/s, ratio to 1.0.5", _to_old(RATE, ours="twin"), at_least=4),
)
