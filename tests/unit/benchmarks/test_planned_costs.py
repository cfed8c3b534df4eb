"""What generated calls cost, measured in short."""

from __future__ import annotations

import pytest
from benchmarks.planned import call_costs, checking_seconds


def test_calls() -> None:
    """A generated call costs no more than a plain one; the rest is the noise of a busy machine."""
    costs = call_costs(10)
    assert costs.generated <= costs.plain * 1.2


@pytest.mark.once
def test_checking() -> None:
    """mypy takes few milliseconds more for each planned event."""
    seconds = checking_seconds(50, 1)
    assert seconds["generated"] - seconds["plain"] < 2
