"""Rules of requests."""

from growingio_collector.rules.requests import unknown_path


def test_unknown() -> None:
    """An unknown path names the one it resembles most."""
    issue = unknown_path("POST", "/v3/projects/X/collect/item")
    assert issue.code == "unknown_path"
    assert "Did you mean /projects/{project}/collect/item?" in issue.sentence


def test_unknown_is_short() -> None:
    """A very long path neither takes long nor fills the sentence."""
    assert len(unknown_path("POST", "/" + "a" * 60_000).sentence) < 400
