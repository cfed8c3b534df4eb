"""Collect paths."""

import pytest

from growingio_tracker.collector.paths import Target, match, unknown
from growingio_tracker.wire import Kind


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
def test_match(path: str, target: Target | None) -> None:
    """A collect path gives its kind and project, with doubled slashes too; others give None."""
    assert match(path) == target


def test_unknown() -> None:
    """An unknown path names the one it resembles most."""
    problem = unknown("/v3/projects/X/collect/item")
    assert problem.code == "unknown_path"
    assert "Did you mean /projects/{project}/collect/item?" in problem.sentence


def test_unknown_is_short() -> None:
    """A very long path neither takes long nor fills the sentence."""
    assert len(unknown("/" + "a" * 60_000).sentence) < 400
