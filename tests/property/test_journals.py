"""Records on disk by both ways, that of the core and that of Python: the same bytes, and counts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cores import COMPILED
from delivering.queues import DELIVERED, REJECTED, names, postponed
from delivering.rig import record
from delivering.spools import Process
from drawing import examples
from growingio_tracker.core import pure
from growingio_tracker.delivery import Overflow, QueueLimits
from growingio_tracker.delivery.spool.control import heading_size
from growingio_tracker.delivery.spool.files import Files
from growingio_tracker.exceptions import QueueFullError
from growingio_wire.table import Kind

pytestmark = pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")

KIND = 2
frames = st.tuples(st.integers(0, 40), st.integers(-(2**62), 2**62), st.binary(max_size=20))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """What may be in a segment: records in about their order, and damage."""
    content = bytearray(b"".join(pure.packed(KIND, *one) for one in draw(st.lists(frames))))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=4) | st.sampled_from([b"\xf6\xf7", b"\xf6"])
        )
    return bytes(content)


def read(core: Any, contents: list[bytes], first: int, asked: tuple[int, int, int]) -> Any:
    """What a core tells of files."""
    entries = core.Entries(KIND)
    ends = [entries.add(content, first) for content in contents]
    told = [ends, entries.run(*asked), entries.gaps(*asked[:2]), entries.next(asked[0])]
    return len(entries), entries.size, entries.end, told


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(files(), max_size=3), st.integers(0, 10), st.tuples(*[st.integers(0, 60)] * 3))
def test_reading(contents: list[bytes], first: int, asked: tuple[int, int, int]) -> None:
    """G2: Both cores read the same of whatever is in a segment."""
    assert read(COMPILED, contents, first, asked) == read(pure, contents, first, asked)


@given(st.integers(0, 255), *[st.integers(0, 2**62)] * 2, st.binary(max_size=100))
def test_frames(kind: int, seq: int, at_ms: int, content: bytes) -> None:
    """Both cores put a record on disk as the same bytes."""
    assert COMPILED.packed(kind, seq, at_ms, content) == pure.packed(kind, seq, at_ms, content)


class Ways(RuleBasedStateMachine):
    """The same steps on two queues on disk, of which one lets the core write."""

    @initialize(overflow=st.sampled_from(["drop_new", "drop_oldest", "raise"]))
    def start(self, overflow: Overflow) -> None:
        limits = QueueLimits(max_events=40, max_bytes=10**6, overflow=overflow)
        self.directories = [TemporaryDirectory(prefix="growingio-test-") for _ in range(2)]
        self.processes = [
            Process(Path(directory.name), limits=limits, files=files)
            for directory, files in zip(
                self.directories, [Files(), Files(lambda call: None)], strict=True
            )
        ]
        self.flights: list[list[Any]] = []

    @rule(kind=st.sampled_from(Kind), times=st.integers(1, 9), padding=st.integers(0, 9000))
    def offer(self, kind: Kind, times: int, padding: int) -> None:
        for number in range(times):
            refused = []
            for process in self.processes:
                try:
                    process.queue.offer(kind, record(f"{number}" + "x" * padding))
                except QueueFullError as error:
                    refused.append(str(error))
            assert len(refused) in (0, 2)

    @rule(outcome=st.sampled_from([DELIVERED, REJECTED, postponed()]), ahead=st.booleans())
    def send(self, outcome: Any, ahead: bool) -> None:
        batches = [process.queue.take(wait=False) for process in self.processes]
        assert len({None if batch is None else tuple(names(batch)) for batch in batches}) == 1
        for process, batch in zip(self.processes, batches, strict=True):
            if batch is not None and ahead:
                process.lanes.read_ahead(batch)
            if batch is not None:
                process.queue.settle(batch, outcome)

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        for process in self.processes:
            process.clock.advance(seconds)

    @invariant()
    def same(self) -> None:
        if hasattr(self, "processes"):
            expected, found = map(left_on_disk, self.processes)
            assert found == expected
            expected_stats, found_stats = (one.ledger.stats() for one in self.processes)
            assert found_stats == expected_stats

    def teardown(self) -> None:
        for process in getattr(self, "processes", []):
            process.end()
        for directory in getattr(self, "directories", []):
            directory.cleanup()


def left_on_disk(process: Process) -> list[tuple[str, bytes]]:
    """The records in the segments of a process, and the numbers in its control file."""
    found: list[tuple[str, bytes]] = []
    for path in sorted(process.spool.directory.iterdir()):
        content = path.read_bytes()
        if path.suffix == ".seg" and "dead-letters" not in path.name:
            found.append((path.name.split("-", 3)[3], content[heading_size(path) or 0 :]))
        elif path.suffix == ".spool":
            found.append(("control", content[2048:]))
    return found


TestWays = Ways.TestCase
TestWays.settings = settings(max_examples=examples(25), stateful_step_count=25, deadline=None)
