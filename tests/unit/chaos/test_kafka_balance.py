"""The judge of the chaos suite for Kafka: it must see what it is there to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chaos.records import Stored
from chaos.schedule import Fault
from chaos_kafka.balance import MAX_SIZE, Balance, Disturbance, Evidence, balance
from chaos_kafka.topics import Placed
from growingio_tracker import Stats

POISON_EVERY = 100


def placed(*numbers: int, partition: int = 0) -> list[Placed]:
    """Return messages, each with its number as its offset."""
    return [Placed(f"p:0:{one}", f"id-{one}", partition, one) for one in numbers]


def batch(*numbers: int, at: float = 0.0, sender: str = "r1", **more: Any) -> Stored:
    """Return events that were stored by one request."""
    ids = tuple(f"p:0:{number}" for number in numbers)
    return Stored(ids, sender, received_at=at, **{"was_read": True} | more)


def judge(stored: Sequence[Stored], on_topic: Sequence[Placed], **more: Any) -> Balance:
    """Return the balance of a run in which one thread of producer p made these calls."""
    calls = len({one.id for one in on_topic})
    evidence: dict[str, Any] = {
        "returned": {"p": [calls]},
        "reports": {"p": Stats(accepted=calls, handed_over=calls)},
        "dead": (),
        "disturbances": (),
        "poison_every": POISON_EVERY,
    }
    return balance(Evidence(placed=on_topic, stored=stored, **evidence | more))


def test_all_well() -> None:
    """When each message is stored once there is nothing to object to."""
    found = judge([batch(0, 1), batch(2)], placed(0, 1, 2))
    assert found.objections == []
    assert (found.events, found.acknowledged, found.stored) == (3, 3, 3)


def test_lost() -> None:
    """A message that is neither stored nor a dead letter is lost."""
    assert judge([batch(0, 2)], placed(0, 1, 2)).lost == ("p:0:1",)


def test_dead_letter() -> None:
    """Poison among the dead letters is not lost; anything else there is wrongly rejected."""
    on_topic = placed(*range(POISON_EVERY))
    found = judge([batch(*range(98))], on_topic, dead=["p:0:99", "p:0:98"])
    assert (found.lost, found.rejected) == ((), 2)
    assert found.wrongly_rejected == ("p:0:98",)


def test_unacknowledged() -> None:
    """A call that returned is on the topic, or its producer's report speaks for it."""
    returned = {"p": [3]}
    handed_over = Stats(accepted=3, handed_over=3)
    found = judge([batch(0, 1)], placed(0, 1), returned=returned, reports={"p": handed_over})
    assert found.unacknowledged == ("p:0:2",)
    dropped = Stats(accepted=3, handed_over=2, dropped={"undelivered": 1})
    found = judge([batch(0, 1)], placed(0, 1), returned=returned, reports={"p": dropped})
    assert (found.unacknowledged, found.given_up, found.objections) == ((), 1, [])


@pytest.mark.parametrize(
    "report",
    [
        Stats(accepted=2, handed_over=1),
        Stats(accepted=1, handed_over=1),
        Stats(accepted=2, handed_over=1, pending=1, dropped={"closed": 1}),
    ],
)
def test_unbalanced(report: Stats) -> None:
    """A report adds up, and speaks of every call that returned."""
    assert judge([batch(0, 1)], placed(0, 1), reports={"p": report}).unbalanced != ()


def test_no_report() -> None:
    """Every producer has reported."""
    assert judge([batch(0)], placed(0), reports={}).unbalanced == ("p: no report",)


def test_event_ids() -> None:
    """Each event has an id of its own, and all its copies have the same."""
    same = [Placed("p:0:0", "a", 0, 0), Placed("p:0:1", "a", 0, 1)]
    assert judge([batch(0, 1)], same).mistaken == ("p:0:1",)
    changing = [Placed("p:0:0", "a", 0, 0), Placed("p:0:0", "b", 0, 1)]
    assert judge([batch(0)], changing).mistaken == ("p:0:0",)
    without = [Placed("p:0:0", "", 0, 0)]
    assert judge([batch(0)], without).mistaken == ("p:0:0",)


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        (batch(0, was_read=False, hidden_by=Fault.TRUNCATED), Fault.TRUNCATED.value),
        (batch(0, was_read=False, took_s=1.0), "answered too late"),
        (batch(0, behind_refusal=True), "behind an event that was refused access for a while"),
    ],
)
def test_in_doubt(before: Stored, cause: str) -> None:
    """A repeat is explained when the relay could not know of the first request's success."""
    found = judge([before, batch(0)], placed(0))
    assert (found.repeated, found.batches, found.unexplained) == ({cause: 1}, 1, ())


def test_without_need() -> None:
    """A repeat is not explained when nothing was in the way of answer and commit."""
    assert judge([batch(0), batch(0)], placed(0)).unexplained == ("p:0:0",)


@pytest.mark.parametrize("relay", ["", "r1"])
def test_cut_off(relay: str) -> None:
    """A commit that was cut off between both requests explains a repeat."""
    disturbances = [Disturbance("killed", 1.0, 1.5, relay)]
    stored = [batch(0, at=0.9), batch(0, at=2.0, sender="r2")]
    found = judge(stored, placed(0), disturbances=disturbances)
    assert (found.repeated, found.unexplained) == ({"killed": 1}, ())


@pytest.mark.parametrize(
    "disturbance",
    [
        Disturbance("killed", 1.0, 1.5, "r3"),
        Disturbance("stopped", 0.1, 0.2),
        Disturbance("stopped", 3.0, 4.0),
    ],
)
def test_not_cut_off(disturbance: Disturbance) -> None:
    """What befell another relay, or at another time, explains nothing."""
    stored = [batch(0, at=0.9), batch(0, at=2.0, sender="r2")]
    assert judge(stored, placed(0), disturbances=[disturbance]).unexplained == ("p:0:0",)


def test_one_window() -> None:
    """A cut-off commit explains one window of each partition, and nothing beyond."""
    disturbances = [Disturbance("killed", 1.0, 1.5, "r1")]
    on_topic = placed(0, MAX_SIZE - 1, MAX_SIZE)
    stored = [batch(0, MAX_SIZE - 1, MAX_SIZE), batch(0, MAX_SIZE - 1, MAX_SIZE, at=2.0)]
    calls = {"p": [MAX_SIZE + 1]}
    report = Stats(accepted=MAX_SIZE + 1, handed_over=3, pending=MAX_SIZE - 2)
    found = judge(
        stored, on_topic, disturbances=disturbances, returned=calls, reports={"p": report}
    )
    assert found.repeated == {"killed": 2}
    assert found.unexplained == (f"p:0:{MAX_SIZE}",)


def test_twice_on_the_topic() -> None:
    """What is on the topic twice may be stored twice, and not three times."""
    on_topic = [Placed("p:0:0", "id", 0, 0), Placed("p:0:0", "id", 0, 1)]
    found = judge([batch(0), batch(0)], on_topic)
    assert (found.repeated, found.twice_on_topic) == ({"twice on the topic": 1}, 1)
    assert judge([batch(0)] * 3, on_topic).unexplained == ("p:0:0",)


def test_stranger() -> None:
    """What was stored and is not on the topic is noticed."""
    assert judge([batch(0, 7)], placed(0)).strangers == ("p:0:7",)
