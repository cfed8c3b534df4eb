"""Paths of collect requests."""

from __future__ import annotations

import pytest

from growingio_wire.paths import Target, read_path
from growingio_wire.table import Kind


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v3/projects/p1/collect", Target(Kind.EVENT, "p1")),
        ("//v3/projects/p1/collect", Target(Kind.EVENT, "p1")),
        ("/v3//projects/p1///collect/", Target(Kind.EVENT, "p1")),
        ("/projects/p1/collect/item", Target(Kind.ITEM, "p1")),
        ("//projects/p1/collect/user-mapping", Target(Kind.MAPPING, "p1")),
        ("/v3/projects/%E5%95%86/collect", Target(Kind.EVENT, "商")),
        ("/v3/projects//collect", None),
        ("/v3/projects/p1/collect/item", None),
        ("/projects/p1/collect", None),
        ("/", None),
    ],
)
def test_read_path(path: str, target: Target | None) -> None:
    """A collect path gives its kind and project, with doubled slashes too; others give None."""
    assert read_path(path) == target
