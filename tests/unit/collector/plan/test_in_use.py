"""The plan in use."""

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from growingio_collector.plan import Plans, stored_plan
from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.store import EventStore
from growingio_collector.store.received import Received
from growingio_tracker.exceptions import GrowingParamException
from growingio_wire.plan.reading import Loaded
from growingio_wire.plan.source import PlanError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    """Open a store."""
    with closing(EventStore(tmp_path / "a.db")) as opened:
        yield opened


def _names(loaded: Loaded | None) -> list[str] | None:
    return list(loaded.plan.events or {}) if loaded else None


def _write(file: Path, text: str) -> None:
    """Write as editors do: a new file under the old name, so that the time stamp is no matter."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def test_put_and_remove(store: EventStore) -> None:
    """A plan that was put is in use, outlives clearing and the process, until it is removed."""
    plans = Plans(store)
    assert plans.current() is None
    plans.put(b"events: {a: }", None)
    store.clear()
    assert _names(plans.current()) == _names(Plans(store).current()) == ["a"]
    plans.remove()
    assert plans.current() is Plans(store).current() is None


def test_wrong_put(store: EventStore) -> None:
    """A plan with defects is refused and the one before stays."""
    plans = Plans(store)
    plans.put(b"events: {a: }", "yaml")
    with pytest.raises(PlanError):
        plans.put(b"events: [", None)
    assert _names(plans.current()) == _names(stored_plan(store.path)) == ["a"]


def test_file(store: EventStore, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file is read again when it changes; a broken change is told and the old plan stays."""
    file = tmp_path / "plan.yaml"
    _write(file, "events: {a: }")
    plans = Plans(store, file)
    assert _names(plans.current()) == ["a"]
    _write(file, "events: {b: }")
    assert _names(plans.current()) == _names(stored_plan(store.path)) == ["b"]
    with caplog.at_level(logging.ERROR):
        _write(file, "events: [")
        assert _names(plans.current()) == ["b"]
        assert _names(plans.current()) == ["b"]
    [record] = caplog.records
    assert "The previous plan stays in use" in record.message
    assert isinstance(plans.error, PlanError)
    file.unlink()
    assert _names(plans.current()) == ["b"]
    assert "cannot be read" in str(plans.error)
    _write(file, "events: {c: }")
    assert _names(plans.current()) == ["c"]
    assert not plans.error


def test_file_is_the_only_place(store: EventStore, tmp_path: Path) -> None:
    """A plan from a file can be neither put nor removed, and the refusal names the file."""
    file = tmp_path / "plan.yaml"
    _write(file, "events: {a: }")
    plans = Plans(store, file)
    with pytest.raises(GrowingParamException, match=r"plan\.yaml"):
        plans.put(b"events: {b: }", None)
    with pytest.raises(GrowingParamException, match=r"plan\.yaml"):
        plans.remove()


def test_wrong_file(store: EventStore, tmp_path: Path) -> None:
    """A file with defects is refused at the start."""
    (tmp_path / "plan.yaml").write_text("events: [", encoding="utf-8")
    with pytest.raises(PlanError):
        Plans(store, tmp_path / "plan.yaml")


def test_judged(store: EventStore) -> None:
    """Received messages are judged by the plan in use, and left alone without one."""
    received = Received(
        1, "POST", "/", [], b"", 204, [], None, "p", [CheckedMessage("event", name="b")]
    )
    plans = Plans(store)
    assert plans.judged(received) is received
    plans.put(b"events: {a: }", None)
    [finding] = plans.judged(received).messages
    assert [problem.code for problem in finding.issues] == ["not_planned"]
