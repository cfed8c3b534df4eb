"""Checks of numbers of seconds."""

import math

import pytest

from growingio_wire.checks import check_seconds, usable_timeout
from growingio_wire.errors import GrowingParamException

LONG = 10**400


@pytest.mark.parametrize("value", [0, 1.5, LONG])
def test_seconds(value: float) -> None:
    """A number of any length is a number of seconds."""
    assert check_seconds(value, "wait_s") == float(min(value, 1.7976931348623157e308))
    assert usable_timeout(value) == min(value, 1e9)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "1", None])
def test_no_seconds(value: object) -> None:
    """What is no finite number is refused by the argument's name."""
    with pytest.raises(GrowingParamException, match="wait_s must be a number of seconds") as error:
        check_seconds(value, "wait_s")
    assert (error.value.argument, error.value.code) == ("wait_s", "wrong_type")


@pytest.mark.parametrize("value", [-1, -LONG])
def test_below_zero(value: float) -> None:
    """Below 0 is out of range, but as a time-out it is over at once."""
    with pytest.raises(GrowingParamException, match="at least 0") as error:
        check_seconds(value, "wait_s")
    assert error.value.code == "out_of_range"
    assert usable_timeout(value) == value


def test_no_limit() -> None:
    """None is no limit, infinity one that nobody reaches, and NaN neither."""
    assert usable_timeout(None) is None
    assert usable_timeout(math.inf) == 1e9
    with pytest.raises(GrowingParamException, match="or None"):
        usable_timeout(math.nan)
