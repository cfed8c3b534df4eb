"""Plans made from whatever strangers send."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_collector.plan.draft import draft
from growingio_collector.plan.report import make_report
from growingio_wire.plan.reading import read_plan
from kept_run import custom, keep

NAMES = st.text(max_size=20)
VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.floats(-1, 1)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAMES, st.dictionaries(NAMES, VALUES, max_size=4)), max_size=5))
def test_fits_what_it_was_made_of(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, dict[str, object]]]
) -> None:
    """Whatever strangers send, the draft is a valid plan that no event of it violates."""
    path = tmp_path_factory.mktemp("draft") / "a.db"
    keep(path, *(custom(name, attributes) for name, attributes in events))
    drafted = read_plan(draft(path).encode(), "draft").plan
    report = make_report(path, drafted)
    assert [seen for seen in report.seen if seen.bad] == []
    assert [one for one in report.not_planned if one.name.strip()] == []
