"""docs/testing.md and docs/operations.md say what is so; test_code runs their programs."""

from __future__ import annotations

import re
import sys

import pytest

from growingio_tracker import GrowingTracker
from growingio_tracker.testing import RecordingConsumer
from pages import DOCS, indented_lines, python_blocks

pytest_plugins = ["pytester"]

PAGE = DOCS / "testing.md"


def test_tests_pass(pytester: pytest.Pytester) -> None:
    """The tests on the page pass as they stand, also with the fixture in every test."""
    recorded, conftest, arrived = (
        next(block for block in python_blocks(PAGE) if part in block)
        for part in ("def test_paying", "autouse", "def test_what_arrives")
    )
    pytester.makepyfile(test_recorded=recorded, test_arrived=recorded + arrived)
    plugin = sys.modules["growingio_tracker_pytest"]
    pytester.runpytest_inprocess(plugins=[plugin]).assert_outcomes(passed=3)
    pytester.makeconftest(conftest)
    result = pytester.runpytest_inprocess("test_recorded.py", plugins=[plugin])
    result.assert_outcomes(passed=1)


def test_failure_is_shown_as_it_is() -> None:
    """What the page shows of a failing check is what it says."""
    consumer = RecordingConsumer()
    GrowingTracker.consumer(consumer).track_custom_event(
        "order_paid", login_user_id="u1", attributes={"tags": ["new", "vip"]}
    )
    with pytest.raises(AssertionError) as caught:
        consumer.assert_tracked("order_paid", user_id="u2")
    said = [line.strip() for line in str(caught.value).splitlines()]
    assert [line.strip() for line in indented_lines(PAGE)] == said[:2]
    assert all(line in PAGE.read_text("utf-8") for line in said[:4])


def test_every_count_and_metric_is_explained() -> None:
    """docs/operations.md has a row for every count of stats() and every metric, and no other."""
    from growingio_tracker import Stats
    from growingio_tracker.integrations.opentelemetry import METRICS

    page = (DOCS / "operations.md").read_text("utf-8")
    counts = page.partition("## What the counters mean")[2].partition("| reason |")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", counts, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(Stats.__struct_fields__)
    metrics = page.partition("## OpenTelemetry")[2]
    assert re.findall(r"^\| `(growingio\.[\w.]+)` \| [\w-]+[\w -]*, `([^`]+)`", metrics, re.M) == [
        (metric.name, metric.unit) for metric in METRICS
    ]
