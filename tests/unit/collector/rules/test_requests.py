"""Rules of requests."""

from __future__ import annotations

import pytest

from growingio_collector.rules.requests import Target, read_path, unknown_path
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


def test_unknown() -> None:
    """An unknown path names the one it resembles most."""
    issue = unknown_path("POST", "/v3/projects/X/collect/item")
    assert issue.code == "unknown_path"
    assert "Did you mean /projects/{project}/collect/item?" in issue.sentence


def test_unknown_is_short() -> None:
    """A very long path neither takes long nor fills the sentence."""
    assert len(unknown_path("POST", "/" + "a" * 60_000).sentence) < 400
