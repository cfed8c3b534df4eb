"""DurableConsumer: what AsyncBufferedConsumer does not have."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from delivering.rig import HOST, assert_balanced, sent, track
from delivering.waiting import DEADLINE_S
from growingio_tracker import (
    DurableConsumer,
    GrowingParamException,
    GrowingTracker,
    Problem,
    QueueLimits,
    SpoolError,
)
from growingio_tracker.consumers.options import DurableOptions
from growingio_tracker.testing import MemoryTransport

Make = Callable[..., "tuple[DurableConsumer, MemoryTransport]"]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make consumers on one directory, closed at the end."""
    made: list[DurableConsumer] = []

    def make(*answers: Any, **options: Any) -> tuple[DurableConsumer, MemoryTransport]:
        transport = MemoryTransport(answers)
        options = {"spool": tmp_path, "retry_limit": 0, "flush_after": 3600, **options}
        made.append(DurableConsumer("p", "d", HOST, transport=transport, **options))
        return made[-1], transport

    yield make
    for consumer in made:
        consumer.close(0)


def test_g1_closing_leaves_what_was_not_delivered(make: Make) -> None:
    """What closing could not deliver is said once, costs nothing, and goes with the next one."""
    problems: list[Problem] = []
    first, _ = make(503, on_error=problems.append)
    track(first, "a", "b")
    assert first.close() is False
    assert [(one.reason, one.events) for one in problems] == [("left_in_spool", 0)]
    assert "2 events" in problems[0].detail
    assert not first.stats().dropped
    second, transport = make()
    assert second.flush(DEADLINE_S)
    assert sent(transport) == [["a", "b"]]
    assert (second.stats().adopted, second.stats().delivered) == (2, 2)


def test_g1_after_a_rejection_in_an_earlier_process(make: Make) -> None:
    """G4: an event that was rejected is not sent by the next process."""
    first, _ = make(400)
    track(first, "a")
    assert first.flush(DEADLINE_S)
    first.close()
    second, transport = make()
    assert second.flush(DEADLINE_S)
    assert transport.requests == []


def test_every_kind(make: Make) -> None:
    """Items and user mappings wait on disk as events do."""
    first, _ = make(*[503] * 9)
    tracker = GrowingTracker.consumer(first)
    tracker.track_user(login_user_id="u", attributes={"城市": "上海"})
    tracker.submit_item("k", "i")
    tracker.track_user_mapping({"phone": "1"})
    tracker.close()
    second, transport = make()
    assert second.flush(DEADLINE_S)
    addresses = {request.url.partition("?")[0] for request in transport.requests}
    assert addresses == set(second.endpoints.values())
    assert any("上海".encode() in request.body for request in transport.requests)


def options_of(consumer: DurableConsumer) -> DurableOptions:
    assert isinstance(consumer._options, DurableOptions)
    return consumer._options


def test_g5_defaults(make: Make) -> None:
    """Far more fits on disk than into memory, and a queue can be given."""
    consumer, _ = make()
    assert options_of(consumer).queue == QueueLimits(max_events=10_000_000, max_bytes=2**30)
    small, _ = make(queue=QueueLimits(max_events=1, overflow="raise"), max_size=1)
    assert options_of(small).queue.max_events == 1


def test_g2_nowhere_to_write(make: Make, tmp_path: Path) -> None:
    """When no file can be made, the call raises SpoolError, counted, and the balance holds."""
    (tmp_path / "file").write_text("")
    consumer, _ = make(spool=tmp_path / "file" / "spool")
    with pytest.raises(SpoolError, match="file"):
        track(consumer, "a")
    assert consumer.stats().dropped == {"spool_error": 1}
    assert_balanced(consumer._pipelines.get().ledger)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("spool", ""),
        ("spool", 7),
        ("spool", None),
        ("fsync", 1),
        ("fsync", "yes"),
        ("max_age_s", -1),
        ("max_age_s", "1"),
        ("flush_after", -1),
        ("max_size", 0),
    ],
)
def test_unusable_options(make: Make, argument: str, value: object) -> None:
    """An option that cannot be used is refused at construction, by name."""
    with pytest.raises(GrowingParamException, match=argument):
        make(**{argument: value})


def test_spool_is_a_file(make: Make, tmp_path: Path) -> None:
    """A spool that is a file is refused at construction."""
    (tmp_path / "file").write_text("")
    with pytest.raises(GrowingParamException, match=r"spool=.*is a file"):
        make(spool=tmp_path / "file")


def test_spool_is_required() -> None:
    """Without a spool the consumer cannot be made, and Python says so by name."""
    with pytest.raises(TypeError, match="spool"):
        DurableConsumer("p", "d", HOST)  # type: ignore[call-arg]


def test_f2_constructing_makes_no_file(make: Make, tmp_path: Path) -> None:
    """F2: constructing and asking make no file; the first event does."""
    consumer, _ = make(spool=tmp_path / "spool")
    consumer.stats()
    assert consumer.flush(0)
    assert not (tmp_path / "spool").exists()
    track(consumer, "a")
    assert (tmp_path / "spool").is_dir()


def test_h5_disabled(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H5: GROWINGIO_DISABLED=1 makes no file."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    consumer, _ = make(spool=tmp_path / "spool")
    track(consumer, "a")
    consumer.close()
    assert not (tmp_path / "spool").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="not here: another path syntax")
def test_a_relative_spool_stays_where_it_was(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path is that of the moment of construction, however a server changes directory."""
    monkeypatch.chdir(tmp_path)
    consumer, _ = make(spool="spool")
    monkeypatch.chdir("/")
    track(consumer, "a")
    assert (tmp_path / "spool").is_dir()
