"""The judge of the chaos suite: it must see what it is there to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chaos.balance import Balance, Evidence, Period, balance
from chaos.records import Stored
from chaos.schedule import Fault
from growingio_tracker import Stats

LATE_S = 1.0


def judge(
    stored: Sequence[Stored],
    returned: Mapping[str, Sequence[int]] | None = None,
    dead_letters: Sequence[str] | None = (),
    **more: Any,
) -> Balance:
    """Return the balance of a run in which one thread of process p made three calls."""
    evidence: dict[str, Any] = {"reports": {}, "killed": (), "disk_full": {}, "poison_every": 100}
    return balance(
        Evidence(
            returned=returned or {"p": [3]},
            stored=stored,
            dead_letters=dead_letters,
            **evidence | more,
        )
    )


def batch(*numbers: int, **more: Any) -> Stored:
    return Stored(tuple(f"p:0:{number}" for number in numbers), "p", **{"was_read": True} | more)


def test_all_well() -> None:
    """When each event is stored once there is nothing to object to."""
    found = judge([batch(0, 1), batch(2)])
    assert found.objections == []
    assert (found.events, found.stored) == (3, 3)


def test_lost() -> None:
    """An event for which the call returned, and which is nowhere, is lost."""
    assert judge([batch(0, 2)]).lost == ("p:0:1",)


def test_counted_loss_in_memory() -> None:
    """Without a disk a report speaks for as many events as it counts, and for no more."""
    stats = Stats(accepted=3, delivered=1, dropped={"queue_full": 1}, rejected={}, pending=1)
    assert judge([batch(0)], dead_letters=None, reports={"p": stats}).lost == ()
    less = Stats(accepted=2, delivered=1, dropped={"queue_full": 1})
    assert judge([batch(0)], dead_letters=None, reports={"p": less}).lost == ("p:0:2",)


def test_counted_loss_on_disk() -> None:
    """With a disk a report speaks for nothing: each event has to be somewhere."""
    stats = Stats(accepted=3, delivered=2, dropped={"queue_full": 1})
    assert judge([batch(0, 1)], reports={"p": stats}).lost == ("p:0:2",)


@pytest.mark.parametrize(
    ("before", "more", "cause"),
    [
        (batch(0, was_read=False, hidden_by=Fault.TRUNCATED), {}, Fault.TRUNCATED.value),
        (batch(0, was_read=False, took_s=LATE_S), {}, "answered too late"),
        (batch(0, was_read=False), {"killed": {"p"}}, "killed amid a request"),
        (
            batch(0, answered_at=5.0),
            {"disk_full": {"p": [Period(4.0, 6.0)]}},
            "not removed from a full disk",
        ),
    ],
)
def test_explained_repeat(before: Stored, more: dict[str, Any], cause: str) -> None:
    """A repeat is explained when the sender could not know, or not write down, of the first."""
    found = judge([before, batch(0, 1, 2)], **more)
    assert found.repeated == {cause: 1}
    assert found.objections == []


@pytest.mark.parametrize(
    ("before", "more"),
    [
        (batch(0), {}),
        (batch(0, was_read=False), {}),
        (batch(0), {"killed": {"p"}}),
        (batch(0, hidden_by=Fault.TRUNCATED), {}),
        (batch(0, took_s=LATE_S), {}),
        (batch(0, answered_at=5.0), {"disk_full": {"p": [Period(7.0, 8.0)]}}),
    ],
)
def test_unexplained_repeat(before: Stored, more: dict[str, Any]) -> None:
    """When its sender read the answer and could write, an event is not stored again."""
    assert judge([before, batch(0, 1, 2)], **more).unexplained == ("p:0:0",)


def test_call_under_way() -> None:
    """The call amid which a process was killed may have come to its end, and no other."""
    found = judge([batch(0, 1, 2, 3, 4)], killed={"p"})
    assert found.strangers == ("p:0:4",)
    assert judge([batch(0, 1, 2, 3)]).strangers == ("p:0:3",)


def test_rejected() -> None:
    """Poison is rejected, and nothing else."""
    assert judge([batch(0, 2)], dead_letters=["p:0:1"], poison_every=2).objections == []
    assert judge([batch(0, 1)], dead_letters=["p:0:2"], poison_every=2).wrongly_rejected == (
        "p:0:2",
    )
    stats = Stats(accepted=3, delivered=1, rejected={"status_400": 2})
    found = judge([batch(0)], dead_letters=None, reports={"p": stats}, poison_every=2)
    assert len(found.wrongly_rejected) == 1


@pytest.mark.parametrize(
    "stats",
    [
        Stats(accepted=3, delivered=2),
        Stats(accepted=2, delivered=2),
        Stats(accepted=3, delivered=4, pending=-1),
        Stats(accepted=4, adopted=2, delivered=4),
    ],
)
def test_unbalanced(stats: Stats) -> None:
    """A report that does not add up, or counts fewer events than calls returned, is seen."""
    assert len(judge([batch(0, 1, 2)], reports={"p": stats}).unbalanced) == 1
