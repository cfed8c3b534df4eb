"""Write down the public names of a release: constants, classes, methods, parameters, defaults.

Run by an interpreter that has either release, it prints the description as JSON.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from typing import Any

MODULES = (
    "growingio_tracker",
    "growingio_tracker.async_buffered_consumer",
    "growingio_tracker.buffered_consumer",
    "growingio_tracker.consumer",
    "growingio_tracker.data_parser",
    "growingio_tracker.debug_consumer",
    "growingio_tracker.default_consumer",
    "growingio_tracker.message",
    "growingio_tracker.version",
    "growingio_tracker_protobuf",
    "growingio_tracker_protobuf.protobuf_parser",
    "growingio_tracker_snappy",
    "growingio_tracker_snappy.snappy_parser",
)


def parameters(function: Any) -> list[list[str]]:
    """Return [name, default as text] of each positional parameter, and [name] of one without."""
    if inspect.isclass(function) and issubclass(function, (Exception, dict)):
        return []
    try:
        signature = inspect.signature(function)
    except ValueError:  # what is compiled says nothing of its parameters
        return []
    return [
        [parameter.name]
        if parameter.default is inspect.Parameter.empty
        else [parameter.name, repr(parameter.default)]
        for parameter in signature.parameters.values()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]


def of_class(path: str, cls: type) -> Iterator[tuple[str, Any]]:
    yield path, parameters(cls)
    own = [base for base in cls.__mro__ if base.__module__.startswith("growingio_")]
    for name in sorted({name for base in own for name in vars(base)}):
        member = getattr(cls, name)
        if name.startswith("_"):
            continue
        if inspect.isclass(member):
            yield from of_class(f"{path}.{name}", member)
        elif inspect.ismethoddescriptor(member):  # in C, whose self is positional only
            yield f"{path}.{name}", parameters(member)
        elif inspect.isfunction(member):
            static = isinstance(inspect.getattr_static(cls, name), staticmethod)
            yield f"{path}.{name}", parameters(member)[0 if static else 1 :]


def of_module(module: str) -> Iterator[tuple[str, Any]]:
    found = import_module(module)
    # Some names are imported on demand.
    listed = {name: getattr(found, name) for name in getattr(found, "__all__", ())}
    for name, value in {**vars(found), **listed}.items():
        path = f"{module}.{name}"
        if name.startswith("_") or (inspect.isclass(value) and issubclass(value, Enum)):
            continue
        if isinstance(value, str):
            yield path, []
        elif inspect.isclass(value) and value.__module__.startswith("growingio_"):
            yield from of_class(path, value)


def describe() -> dict[str, Any]:
    """Return the parameters of everything that can be imported from 1.0.5's modules."""
    return dict(pair for module in MODULES for pair in of_module(module))


if __name__ == "__main__":
    lines = [f"{json.dumps(path)}: {json.dumps(found)}" for path, found in describe().items()]
    sys.stdout.write("{\n" + ",\n".join(sorted(lines)) + "\n}\n")
