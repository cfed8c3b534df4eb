"""The calls and messages that this line and the 1.x line in legacy/ have in common."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load() -> ModuleType:
    path = Path(__file__).parents[1] / "conformance" / "run.py"
    spec = importlib.util.spec_from_file_location("conformance_run", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUN: Any = _load()
CASES: list[dict[str, Any]] = RUN.cases()


@pytest.mark.parametrize("parser", sorted(RUN.PARSERS))
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], parser: str) -> None:
    """Each case of tests/conformance becomes the messages that it names, in every format."""
    assert RUN.difference(case, parser) == ""


@pytest.mark.parametrize("parser", sorted(RUN.PARSERS))
def test_a_wrong_expectation_is_noticed(parser: str) -> None:
    """The runner sees another value, a message too many, and a call that should be refused."""
    case = CASES[0]
    other_value = copy.deepcopy(case)
    other_value["requests"][0][1][0]["eventName"] = "other"
    for wrong in (other_value, {**case, "requests": []}, {**case, "refused": "event_name"}):
        assert RUN.difference(wrong, parser)
