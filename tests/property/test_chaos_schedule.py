"""The chaos suite's schedules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import chaos_kafka.schedule as kafka
from chaos.schedule import Blow, Fault, Plan, Strategy, plan

STRATEGIES: list[Strategy] = ["async", "durable"]
KEPT_MS = 7 * 24 * 3_600_000


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    faults = draw(st.integers(1, 60))
    return plan(
        draw(st.integers()),
        draw(st.sampled_from(STRATEGIES)),
        events=draw(st.integers(2 * faults + 2, 10**7)),
        faults=faults,
        tls=draw(st.booleans()),
    )


@given(st.integers(), st.sampled_from(STRATEGIES), st.booleans())
def test_seed(seed: int, strategy: Strategy, tls: bool) -> None:
    """The same seed gives the same schedule."""
    first, second = (plan(seed, strategy, events=5000, faults=20, tls=tls) for _ in range(2))
    assert first == second


@given(plans())
def test_bounds(one: Plan) -> None:
    """Steps come in order, within the run, and none lasts long or reaches out of what there is."""
    places = [step.after for step in one.steps]
    assert places == sorted(set(places))
    assert 0 < places[0] <= places[-1] < one.events
    for step in one.steps:
        assert step.faults >= 1
        assert 0 <= step.hits <= 6
        assert 0.0 < step.lasts_s <= 0.5
        assert step.slot in range(one.processes)
        assert 0 < 2 * abs(step.jump_ms) < KEPT_MS


@given(plans())
def test_kinds(one: Plan) -> None:
    """What cannot happen, or loses events by definition, is not planned."""
    planned = {kind for step in one.steps for kind in (step.fault, step.blow)} - {None}
    if not one.tls:
        assert Fault.BROKEN_TLS not in planned
    if one.strategy == "async":
        assert not planned & {Blow.KILL, Blow.FORK_AND_KILL, Blow.DISK_FULL}


def test_every_kind() -> None:
    """A long run has every kind of fault."""
    one = plan(1, "durable", events=10_000, faults=100, tls=True)
    assert {kind for step in one.steps for kind in (step.fault, step.blow)} >= {*Fault, *Blow}


@given(st.integers(), st.integers(1, 300))
def test_kafka(seed: int, faults: int) -> None:
    """A schedule for Kafka is its seed's alone, comes in order, and leaves one relay at least."""
    one, again = (kafka.plan(seed, events=10_000, faults=faults) for _ in range(2))
    assert one == again
    assert one.faults in (faults, faults + 1)
    places = [step.after for step in one.steps]
    assert places == sorted(set(places))
    assert 0 < places[0] <= places[-1] < one.events
    relays = one.relays
    for step in one.steps:
        relays += (step.blow is kafka.Blow.RELAY_JOINS) - (step.blow is kafka.Blow.RELAY_LEAVES)
        assert 1 <= relays <= one.relays + 2


def test_every_kind_for_kafka() -> None:
    """A long run has every kind of fault."""
    one = kafka.plan(1, events=10_000, faults=100)
    met = {kind for step in one.steps for kind in (step.fault, step.blow)}
    assert met >= {*kafka.SERVER_FAULTS, *kafka.Blow}
