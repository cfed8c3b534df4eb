"""The JSON Schema of a plan says the same as the reader."""

import json

import jsonschema_rs
import pytest
import yaml

from growingio_wire.plan import ADDITIONAL, Planned, Property
from growingio_wire.plan.fitting import TYPES
from growingio_wire.plan.reading import plan_schema, read_plan
from growingio_wire.plan.source import PlanError

SCHEMA = json.loads(plan_schema())

PLANS = [
    ("events:\n", True),
    ("version: 1\nevents: {a: , b: {aliases: [c], deprecated: use a}}", True),
    ("items: {a: {attributes: {b: number, c: {enum: [1, x], pattern: a}}}}", True),
    ("additional: refuse\nevents: {a: {additional: allow}}", True),
    ("users: {keys: [phone], attributes: {age: {type: integer, min: 0, max: 150}}}", True),
    ("users: {aliases: [a]}", False),
    ("users: {attributes: {age: {min: low}}}", False),
    ("additional: refuse\n", False),
    ("events: []", False),
    ("events: {a: {typo: 1}}", False),
    ("events: {a: {additional: no}}", False),
    ("events: {a: {attributes: {b: money}}}", False),
    ("events: {a: {attributes: {b: {enum: []}}}}", False),
    ("events: {a: {attributes: {'': number}}}", False),
    ("version: 2\nevents:", False),
]


def test_same_words() -> None:
    """The schema has the fields, types and words of the reader."""
    defs = SCHEMA["$defs"]
    assert defs["type"]["enum"] == list(TYPES)
    assert defs["additional"]["enum"] == list(ADDITIONAL)
    assert set(defs["planned"]["properties"]) == set(Planned.__struct_fields__)
    assert set(defs["attribute"]["properties"]) == set(Property.__struct_fields__)


@pytest.mark.parametrize(("text", "good"), PLANS)
def test_same_judgement(text: str, good: bool) -> None:
    """The schema takes what the reader takes and refuses what it refuses."""
    assert jsonschema_rs.is_valid(SCHEMA, yaml.safe_load(text)) is good
    if good:
        read_plan(text.encode(), "x")
        return
    with pytest.raises(PlanError):
        read_plan(text.encode(), "x")
