"""D1: what an answer means, and how long to wait."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growingio_tracker.exceptions import GrowingParamException
from growingio_wire.http.retry import RetryPolicy, Verdict, verdict

POLICY = RetryPolicy()


def retry_after(value: str, policy: RetryPolicy = POLICY) -> float:
    return policy.retry_after_s({"retry-after": value})


def test_d1_verdicts() -> None:
    """2xx is accepted; 408, 425, 429 and 5xx are retried; 400, 413 and 422 are halved."""
    assert {verdict(status) for status in range(200, 300)} == {Verdict.DELIVERED}
    assert {verdict(status) for status in (408, 425, 429, *range(500, 600))} == {Verdict.RETRY}
    assert {verdict(status) for status in (400, 413, 422)} == {Verdict.SPLIT}


@pytest.mark.parametrize("status", [100, 0, -1, 999, 301, 302, 307, 401, 403, 404, 405, 410, 418])
def test_d3_everything_else_is_a_misconfiguration(status: int) -> None:
    """No other status, however absurd, costs an event."""
    assert verdict(status) is Verdict.MISCONFIGURED


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1e6))
@settings(derandomize=True)
def test_d1_jitter(repeat: int, drawn: float, factor: float) -> None:
    """The wait is the drawn share of factor * 2**n, and never longer than the cap."""
    policy = RetryPolicy(backoff_factor=factor, backoff_cap_s=30.0)
    whole = min(30.0, factor * 2.0 ** min(repeat, 60))
    assert policy.backoff_s(repeat, lambda: drawn) == pytest.approx(drawn * whole)


def test_d1_jitter_is_full() -> None:
    """Waits are spread from 0 to the bound, so that many clients do not come back together."""
    waits = [RetryPolicy(backoff_factor=1.0).backoff_s(2) for _ in range(400)]
    assert min(waits) < 0.5
    assert max(waits) > 3.5
    assert all(0 <= wait <= 4.0 for wait in waits)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Tue, 02 Jan 2024 03:04:35 GMT", 0.0),
        ("86400", 300.0),
        ("9" * 400, 300.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("١٢", 0.0),
        ("nan", 0.0),
    ],
)
def test_d1_retry_after(value: str, seconds: float) -> None:
    """Retry-After is obeyed as seconds and as a date, capped, and ignored when it is neither."""
    assert retry_after(value) == seconds


@pytest.mark.parametrize("offset_h", [0, 2, -8])
def test_d1_retry_after_a_date(offset_h: int) -> None:
    """A date is obeyed wherever the server has its clock, and without a zone it is in GMT."""
    then = datetime.now(timezone(timedelta(hours=offset_h))) + timedelta(seconds=30)
    assert retry_after(format_datetime(then)) == pytest.approx(30, abs=2)
    assert retry_after(then.astimezone(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S")) > 25


@given(st.text() | st.datetimes().map(format_datetime) | st.from_regex(r"\A[\w,: +-]{0,40}\Z"))
@settings(derandomize=True, max_examples=500)
def test_d1_retry_after_never_fails(value: str) -> None:
    """Whatever a server puts into Retry-After, the wait is between 0 and the cap."""
    assert 0.0 <= retry_after(value) <= 300.0


def test_d2_rounds_shrink_to_probes() -> None:
    """After full_rounds failed rounds a round is a single request."""
    policy = RetryPolicy(limit=3, full_rounds=2)
    assert [policy.repeats(rounds) for rounds in range(5)] == [3, 3, 0, 0, 0]
    assert RetryPolicy.without_rest(3, 1.0).repeats(10_000) == 3


def test_d2_pause_grows_to_the_interval() -> None:
    """The pause between rounds grows, and ends at probe_interval_s."""
    policy = RetryPolicy(probe_interval_s=8.0)
    assert [policy.pause_s(rounds) for rounds in (1, 2, 3, 4, 10_000)] == [2.0, 4.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize("limit", [-1, 1.5, True, "3", None])
def test_retry_limit_out_of_range(limit: object) -> None:
    """A retry_limit that is no int of at least 0 is refused by name."""
    with pytest.raises(GrowingParamException, match="retry_limit"):
        RetryPolicy(limit)  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), True, "1", None])
def test_backoff_factor_out_of_range(factor: object) -> None:
    """A retry_backoff_factor that is no finite number of at least 0 is refused by name."""
    with pytest.raises(GrowingParamException, match="retry_backoff_factor"):
        RetryPolicy(backoff_factor=factor)  # type: ignore[arg-type]


def test_d1_a_caller_does_not_wait_long() -> None:
    """D1: in a caller's thread Retry-After is obeyed up to ten seconds only."""
    policy = RetryPolicy.without_rest(3, 0.25)
    assert policy.retry_after_s({"retry-after": "3600"}) == 10.0
