"""The annotations of every Struct in the street."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator

import msgspec
import pytest

import growingio_cli
import growingio_collector
import growingio_tracker
import growingio_wire

HOUSES = growingio_wire, growingio_tracker, growingio_collector, growingio_cli


def structs() -> Iterator[type[msgspec.Struct]]:
    for house in HOUSES:
        for module in pkgutil.walk_packages(house.__path__, house.__name__ + "."):
            if not module.name.endswith("__main__"):
                with contextlib.suppress(ModuleNotFoundError):  # a framework that is not here
                    importlib.import_module(module.name)
    yield from _below(msgspec.Struct)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("growingio"):
            yield one
        yield from _below(one)


@pytest.mark.parametrize(
    "kind", [*structs()], ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_annotations_can_be_read(kind: type[msgspec.Struct]) -> None:
    """Each Python reads the annotations of each Struct; 3.10 reads no ClassVar without a type."""
    msgspec.structs.fields(kind)
