"""Which requests a fault hits."""

from typing import Any

import pytest

from growingio_collector.receiving.faults import Fault, Faults
from growingio_tracker.exceptions import GrowingParamException


def _hits(fault: Fault, requests: int, target: str = "/collect") -> list[bool]:
    faults = Faults()
    faults.begin(fault)
    return [faults.pick("POST", target) is not None for _ in range(requests)]


def test_next() -> None:
    """The next N that match are hit, and none after them."""
    assert _hits(Fault(next=2, status=503), 4) == [True, True, False, False]


def test_path() -> None:
    """A request whose target does not hold the path is not hit, nor counted."""
    faults = Faults()
    faults.begin(Fault(next=1, status=500, path="/item"))
    assert faults.pick("POST", "/v3/projects/p/collect") is None
    assert faults.pick("OPTIONS", "/projects/p/collect/item") is None
    assert faults.pick("POST", "/projects/p/collect/item") is not None


def test_percent() -> None:
    """About so many in a hundred are hit, and one seed always hits the same ones."""
    hits = _hits(Fault(percent=30, drop=True, seed=1), 1000)
    assert 250 < sum(hits) < 350
    assert hits == _hits(Fault(percent=30, drop=True, seed=1), 1000)
    assert hits != _hits(Fault(percent=30, drop=True, seed=2), 1000)


def test_percent_of_the_next() -> None:
    """With both, the random hits end after N."""
    assert sum(_hits(Fault(percent=50, next=3, drop=True, seed=1), 100)) == 3


def test_show() -> None:
    """What is shown counts down, and says when nothing more will go wrong."""
    faults = Faults()
    nothing = faults.show()
    assert (nothing["active"], nothing["next"], nothing["status"]) == (False, 0, None)
    faults.begin(Fault(next=1, status=503))
    assert faults.show().keys() == nothing.keys()
    assert (faults.show()["active"], faults.show()["next"], faults.show()["hit"]) == (True, 1, 0)
    faults.pick("POST", "/")
    assert (faults.show()["active"], faults.show()["next"], faults.show()["hit"]) == (False, 0, 1)
    faults.clear()
    assert faults.show() == nothing


def test_answered() -> None:
    """What is written down is what is sent."""
    assert Fault(status=503).answered(204) == 503
    assert Fault(delay_ms=1).answered(204) == 204
    assert Fault(drop=True).answered(204) == 0
    assert Fault(truncate=True).answered(204) == 200
    assert Fault(truncate=True, status=500).answered(204) == 500


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("status", {}),
        ("status", {"status": 199}),
        ("status", {"status": 600}),
        ("status", {"status": 503, "drop": True}),
        ("next", {"next": 0, "status": 503}),
        ("percent", {"percent": 0, "status": 503}),
        ("percent", {"percent": 101, "status": 503}),
        ("delay_ms", {"delay_ms": -1}),
        ("delay_ms", {"delay_ms": 600_001}),
        ("truncate", {"truncate": True, "drop": True}),
        ("truncate", {"truncate": True, "status": 204}),
    ],
)
def test_refused(argument: str, options: dict[str, Any]) -> None:
    """What cannot happen is refused with the argument's name."""
    with pytest.raises(GrowingParamException, match=f"^{argument}: "):
        Fault(**options)
