"""Write tests/data/public_api.txt: each public name with its signature, one a line.

    python tests/docs/list_public_api.py

A change of the public surface is a change of that file, so a reviewer sees it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).parents[1] / "data" / "public_api.txt"
MODULES = (
    "growingio_tracker",
    "growingio_tracker.bulk",
    "growingio_tracker.planned",
    "growingio_tracker.spark",
    "growingio_tracker.testing",
    "growingio_tracker.integrations.asgi",
    "growingio_tracker.integrations.celery",
    "growingio_tracker.integrations.django",
    "growingio_tracker.integrations.flask",
    "growingio_tracker.integrations.logging_handler",
    "growingio_tracker.integrations.opentelemetry",
    "growingio_tracker.integrations.serverless",
    "growingio_tracker.integrations.wsgi",
    "growingio_tracker_protobuf",
    "growingio_tracker_snappy",
    "growingio_collector",
)


def main() -> None:
    FILE.write_text(public_api(), encoding="utf-8")


def public_api() -> str:
    """Return the text of the file as this installation has it."""
    return "".join(f"{line}\n" for name in MODULES for line in _module(name))


def _module(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    for public in sorted(_names(module)):
        yield from _described(f"{name}.{public}", getattr(module, public))


def _names(module: ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return [str(one) for one in listed]
    return [
        name
        for name, one in vars(module).items()
        if not name.startswith("_") and getattr(one, "__module__", None) == module.__name__
    ]


def _described(name: str, one: object) -> Iterator[str]:
    if inspect.isclass(one):
        bases = ", ".join(base.__name__ for base in one.__bases__)
        yield f"class {name}({bases}){_signature(one)}"
        for member in sorted(_members(one)):
            yield from _described(f"{name}.{member}", getattr(one, member))
    elif callable(one):
        yield f"def {name}{_signature(one)}"
    else:
        yield f"{name}: {type(one).__name__}"


def _members(one: type) -> set[str]:
    own = [kind for kind in one.__mro__ if kind.__module__.startswith("growingio")]
    named = {name for kind in own for name in vars(kind)}
    return {name for name in named if not name.startswith("_") and name != "mro"}


def _signature(one: object) -> str:
    """Return names, kinds and defaults of parameters. Annotations are the type checkers' task."""
    try:
        found = inspect.signature(one)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in found.parameters.values()
    ]
    shown = found.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    return re.sub(r" at 0x[0-9a-f]+", "", str(shown))


if __name__ == "__main__":
    main()
