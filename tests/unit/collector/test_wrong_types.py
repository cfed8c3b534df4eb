"""Options of a wrong type, in every public constructor of the collector."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from growingio_collector import Collector, Forwarding, Handling, Serving
from growingio_wire.errors import GrowingParamException

NOTHING: dict[str, Any] = {}
SUBJECTS: dict[str, tuple[Callable[..., object], Mapping[str, Any]]] = {
    "Collector": (Collector, NOTHING),
    "Serving": (Serving, NOTHING),
    "Handling": (Handling, NOTHING),
    "Forwarding": (Forwarding, {"url": "http://collect.example"}),
}
CASES = [
    (name, option)
    for name, (make, _) in SUBJECTS.items()
    for option in inspect.signature(make).parameters
]


@pytest.mark.parametrize(("name", "option"), CASES, ids=map(".".join, CASES))
def test_wrong_type(name: str, option: str) -> None:
    """An option of a wrong type is refused by its name, and nothing is opened."""
    make, needs = SUBJECTS[name]
    with pytest.raises(GrowingParamException) as raised:
        make(**{**needs, option: object()})
    assert str(raised.value).startswith(option)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("port", True),
        ("port", "8917"),
        ("db", b"file"),
        ("keep", (1, "a day")),
    ],
)
def test_resembling_type(option: str, value: object) -> None:
    """So is one that only resembles the right type."""
    with pytest.raises(GrowingParamException, match=option):
        Collector(**{option: value})  # type: ignore[arg-type]
