"""The public surface: tests/data/public_api.txt lists it, so no change of it goes unseen."""

from __future__ import annotations

import importlib
import inspect
import runpy
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

from growingio_tracker import GrowingTracker

LISTING = runpy.run_path(str(Path(__file__).with_name("list_public_api.py")))
RETURNED = (
    "growingio_collector.receiving.experiments",
    "growingio_collector.receiving.faults",
    "growingio_collector.testing.fixture",
    "growingio_tracker.integrations.request_binding",
    "growingio_tracker.kafka",
)
"""Modules of what public names return or refer to."""
SPECIAL = {"__aenter__", "__aexit__", "__await__", "__call__", "__enter__", "__exit__", "__init__"}


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="not here: 3.10 shows signatures in another way"
)
def test_public_api_is_listed() -> None:
    """Names, parameters and defaults are as listed; list_public_api.py lists them anew."""
    assert LISTING["public_api"]() == LISTING["FILE"].read_text("utf-8")


def callables(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the public functions, classes, methods and properties of a module."""
    for name in LISTING["_names"](module):
        one = getattr(module, name)
        if inspect.isclass(one):
            yield name, one
            for member in SPECIAL | LISTING["_members"](one):
                static = inspect.getattr_static(one, member, None)
                function = getattr(static, "__func__", None) or getattr(static, "fget", static)
                if inspect.isfunction(function):
                    yield f"{name}.{member}", function
        elif inspect.isfunction(one):
            yield name, one


@pytest.mark.parametrize("module", [*LISTING["MODULES"], *RETURNED])
def test_annotations_at_run_time(module: str) -> None:
    """get_type_hints(), which frameworks call, knows every name in every public annotation."""
    unknown: dict[str, str] = {}
    for name, one in callables(importlib.import_module(module)):
        try:
            get_type_hints(one)
        except NameError as error:
            unknown[name] = str(error)
    assert not unknown


def test_annotations_of_keywords() -> None:
    """They tell the type of each keyword option; on Python 3.10, which cannot, they say Any."""
    hints = get_type_hints(GrowingTracker.__init__)
    if sys.version_info < (3, 11):
        assert hints["options"] is Any
    else:
        assert get_type_hints(get_args(hints["options"])[0])["redact"] == Collection[str]
