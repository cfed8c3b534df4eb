"""Generated modules of any valid plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_cli.codegen.names import FUNCTIONS, PARAMETERS, SET_USER, python_name
from growingio_cli.codegen.writing import write_module
from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.issue import BAD
from growingio_collector.rules.plans import judge
from growingio_wire.near import Guesses
from growingio_wire.plan import LOGIN_USER, Plan, Planned, Property
from growingio_wire.table import EVENT_TYPES
from planned import checked, formatted, loaded, recording_tracker

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.one_of(
    st.sampled_from(["pay", "order_paid", "class", "tracker", "支付", "$exp_hit", "a-b", "str"]),
    st.sampled_from(
        ["date", "Items", "set_user", "x" * 99, "item_pay", "_a", "n" * 60, "event_time"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
).filter(lambda name: bool(name.strip()) and name not in EVENT_TYPES)
WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="|"), min_size=1),
    min_size=1,
    max_size=8,
    unique=True,
).map(tuple)
NUMBERS = st.lists(st.integers(-999, 999).map(str), min_size=1, max_size=5, unique=True).map(tuple)
OTHERS = st.builds(
    Property,
    st.sampled_from([None, "string", "number", "integer", "boolean", "list", "date"]),
    TEXTS,
    st.booleans(),
    deprecated=st.booleans() | TEXTS,
)
PROPERTIES = st.one_of(
    OTHERS,
    st.builds(
        Property, st.sampled_from([None, "string", "list"]), required=st.booleans(), enum=WORDS
    ),
    st.builds(Property, st.sampled_from(["integer", "number"]), enum=NUMBERS),
    st.just(Property("integer", enum=("1", "9" * 5000))),
    st.builds(Property, st.just("integer"), min=st.just(-5.0), max=st.none() | st.just(1e20)),
    st.builds(Property, st.none() | st.just("string"), pattern=st.just('[a-z"\\\\]+')),
)
PLANNED = st.builds(
    Planned,
    TEXTS,
    st.booleans() | TEXTS,
    st.sampled_from(["allow", "warn", "refuse"]),
    attributes=st.dictionaries(NAMES, PROPERTIES, max_size=5),
)
SOME = st.dictionaries(NAMES, PLANNED, max_size=4)
PLANS = st.builds(
    Plan,
    SOME,
    st.none() | SOME,
    st.none() | PLANNED.map(lambda one: {LOGIN_USER: one}),
    st.just(()) | WORDS,
)
VALUES: dict[str | None, Any] = {
    None: "text",
    "string": "text",
    "number": 1.5,
    "integer": 3,
    "boolean": True,
    "list": ["a", "b"],
    "date": date(2026, 1, 2),
}


def _value(wanted: Property) -> Any:
    if wanted.enum:
        value = wanted.enum[0]
        if wanted.type in ("integer", "number"):
            return int(value)
        return [value] if wanted.type == "list" else value
    return VALUES[wanted.type]


def _arguments(planned: Planned) -> dict[str, Any]:
    return {
        python_name(name, PARAMETERS): _value(wanted) for name, wanted in planned.attributes.items()
    }


def _check(plan: Plan, kind: str, type_: str, name: str, record: bytes) -> None:
    message = CheckedMessage(kind, type_, name or None, text=record.decode())
    bad = [issue for issue in judge(plan, message, Guesses(1000)) if issue.level == BAD]
    assert bad == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of attributes
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_sends_what_the_plan_says(plan: Plan) -> None:
    """Each function of any plan's module sends its event with all attributes, and none is bad."""
    module = loaded(plan)
    tracker, sent = recording_tracker()
    for name, planned in (plan.events or {}).items():
        function = getattr(module, python_name(name, FUNCTIONS))
        getattr(function, "__wrapped__", function)(tracker, **_arguments(planned), anonymous_id="v")
        [event] = sent.assert_tracked(name, count=1, kind="event")
        assert set(event.attributes) == set(planned.attributes)
        _check(plan, "event", "CUSTOM", name, event.record)
        sent.clear()
    for name, planned in (plan.items or {}).items():
        function = getattr(module.Items, python_name(name, FUNCTIONS))
        getattr(function, "__wrapped__", function)(tracker, item_id="1", **_arguments(planned))
        [event] = sent.assert_tracked(name, count=1, kind="item")
        _check(plan, "item", "", name, event.record)
        sent.clear()
    for planned in (plan.users or {}).values():
        function = getattr(module, SET_USER)
        getattr(function, "__wrapped__", function)(
            tracker, **_arguments(planned), login_user_id="u"
        )
        [event] = sent.assert_tracked(count=1, kind="user")
        _check(plan, "event", LOGIN_USER, "", event.record)


@pytest.mark.once
def test_checked_and_formatted(tmp_path: Path) -> None:
    """Modules of a sample of plans are laid out as ruff would, and mypy finds no mistake."""
    files: list[Path] = []

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(PLANS)
    def write(plan: Plan) -> None:
        file = tmp_path / f"plan{len(files)}.py"
        file.write_text(write_module(plan, "plan.yaml"), "utf-8", newline="\n")
        files.append(file)

    write()
    assert formatted(*files) == ""
    assert checked(tmp_path, *(file.name for file in files)) == []
