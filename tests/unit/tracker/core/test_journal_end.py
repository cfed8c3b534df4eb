"""The end of a journal: a record that is written and counted in one step, or not at all."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cores import COMPILED, entrance_to
from growingio_tracker.core import HEAD_BYTES, NEWS, NOT_LET_IN, pure

fcntl = pytest.importorskip("fcntl", reason="not here: pipes with a size")
resource = pytest.importorskip("resource", reason="not here: limits of files")
pytestmark = pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")

KIND, NOW_MS, SLOTS_AT = 1, 1_700_000_000_000, 2048
PAGE = 4096


class Segment(COMPILED.SegmentBase if COMPILED else object):  # type: ignore[misc]
    __slots__ = ()


class Journal:
    """A journal's end, its newest segment and its control file."""

    def __init__(self, directory: Path, **limits: int) -> None:
        self.path = directory / "segment"
        self.admission = COMPILED.Admission()
        self.control = os.open(directory / "control", os.O_RDWR | os.O_CREAT)
        os.truncate(self.control, PAGE)
        self.segment = Segment()
        self.segment.number = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.end = COMPILED.JournalEnd(KIND, 5, limits.get("segment_bytes", 1000))
        self.end.max_events, self.end.max_bytes = limits.get("events", 3), 10_000
        self.end.newest = self.segment
        self.end.keep_time(lambda: NOW_MS, None)
        self.end.write_directly(self.control, SLOTS_AT)

    def enter(self, record: bytes = b"record") -> int:
        entered: int = self.end.enter(self.admission, record)
        return entered

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @property
    def noted(self) -> list[tuple[int, int]]:
        """The two numbers in the control file, and their complements."""
        page = os.pread(self.control, PAGE, 0)
        return list(struct.iter_unpack("<QQ", page[SLOTS_AT : SLOTS_AT + 32]))

    @property
    def counts(self) -> tuple[int, ...]:
        end, segment = self.end, self.segment
        return (
            *(end.entered, end.first, end.waiting, end.size),
            *(segment.end, segment.size, segment.events, segment.payload),
            *self.admission.snapshot(),
        )

    def refuses(self, record: bytes = b"record") -> bool:
        """Whether a record has to go the long way, and nothing has changed by that."""
        before = self.counts, self.content, self.noted
        return self.enter(record) == NOT_LET_IN and before == (
            self.counts,
            self.content,
            self.noted,
        )

    def close(self) -> None:
        self.end.close()
        os.close(self.control)
        if self.segment.number >= 0:
            os.close(self.segment.number)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def test_one_step(journal: Journal) -> None:
    """G1: A record that entered is in its file, is counted everywhere, and its number is noted."""
    size = HEAD_BYTES + 6
    assert [journal.enter() for _ in range(4)] == [NEWS - 5, 6, NEWS - 7, 8]
    assert journal.content == b"".join(
        pure.packed(KIND, seq, NOW_MS, b"record") for seq in (5, 6, 7, 8)
    )
    assert journal.counts == (9, 5, 4, 24, 9, 4 * size, 4, 24, 4, 24)
    ones = 2**64 - 1
    assert journal.noted == [(8, 8 ^ ones), (9, 9 ^ ones)]


def test_time(journal: Journal) -> None:
    """A record has the time that it is told to ask for, or that of the machine's steady clock."""
    journal.end.keep_time(lambda: 10**12, 10**12)
    journal.enter()
    assert struct.unpack_from("<q", journal.content, 16)[0] >= 10**12

    def fail() -> int:
        raise KeyboardInterrupt

    journal.end.keep_time(fail, None)
    before = journal.counts
    with pytest.raises(KeyboardInterrupt):
        journal.enter()
    assert journal.counts == before


def test_long_records(tmp_path: Path) -> None:
    """A record may have any length."""
    journal = Journal(tmp_path, segment_bytes=10**7)
    records = [b"x" * size for size in (0, 1, 2019, 2020, 2021, 100_000)]
    assert all(journal.enter(record) != NOT_LET_IN for record in records)
    assert journal.content == b"".join(
        pure.packed(KIND, 5 + index, NOW_MS, record) for index, record in enumerate(records)
    )
    journal.close()


def test_the_long_way(journal: Journal) -> None:
    """What is unusual in any way goes the long way, and changes nothing."""
    end, segment, admission = journal.end, journal.segment, journal.admission
    admission.max_events = 0
    assert journal.refuses()
    admission.max_events = admission.max_bytes = 6
    assert journal.refuses(b"longer than that")
    segment.size = 1000  # full
    assert journal.refuses()
    segment.size, end.newest = 0, None
    assert journal.refuses()
    end.newest, end.is_let_go = segment, True
    assert journal.refuses()
    end.is_let_go = False
    assert journal.enter() == NEWS - 5
    assert journal.refuses(), "six bytes are pending"


def test_closed(journal: Journal) -> None:
    """Once it is closed nothing enters any more."""
    journal.end.close()
    journal.end.close()
    assert journal.refuses()


def test_a_removed_file(journal: Journal) -> None:
    """G6: A file that somebody has removed takes no record any more."""
    journal.enter()
    journal.path.unlink()
    before = journal.counts
    assert journal.enter() == NOT_LET_IN
    assert journal.counts == before


def test_g6_when_it_looks(tmp_path: Path) -> None:
    """With a steady clock it looks once in 50 µs; what enters until then is counted as before."""
    journal = Journal(tmp_path, segment_bytes=10**7)
    journal.end.keep_time(print, 10**12)
    journal.enter()
    journal.path.unlink()
    entered = 1 + sum(1 for _ in iter(journal.enter, NOT_LET_IN))
    assert journal.segment.size < 10**7, "it is not refused for being full"
    assert (journal.end.waiting, journal.segment.events) == (entered, entered)
    assert journal.admission.snapshot() == (entered, 6 * entered)
    assert journal.enter() == NOT_LET_IN, "it stays noticed"
    journal.close()


def test_failing_calls(journal: Journal) -> None:
    """G2: After a write that fails in whatever way nothing has changed."""
    good = journal.segment.number
    try:
        for number in (
            os.open("/dev/full", os.O_RDWR),
            os.open(journal.path, os.O_RDONLY),
            10**6,
        ):
            journal.segment.number = number
            assert journal.refuses(), number
            if number != 10**6:
                os.close(number)
    finally:
        journal.segment.number = good
    assert journal.enter() == NEWS - 5


def test_a_part_of_a_record(journal: Journal) -> None:
    """G2: A record of which the disk takes only a part is taken back, wherever it ends."""
    journal.enter()
    whole, before = journal.content, signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for part in range(len(whole)):
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + part, hard))
            entered = journal.enter()
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert entered == NOT_LET_IN, part
            assert journal.content == whole, part
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert journal.enter() == 6
    assert journal.content == whole + pure.packed(KIND, 6, NOW_MS, b"record")


def test_what_another_left(journal: Journal) -> None:
    """G2: What stands behind the last record is not cut off with the part of the next one."""
    journal.enter()
    os.write(journal.segment.number, b"left of a record that could not be cut off")
    whole, before = journal.content, signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 5, hard))
        entered = journal.enter()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert entered == NOT_LET_IN
    assert journal.content == whole


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="not here: it needs Linux's pipes")
def test_a_slow_disk(journal: Journal) -> None:
    """A disk that lets a write wait is written to the long way for a while, as others may run then.

    A pipe that is full stands in for it, and another process for what makes room.
    """
    file, [reading, writing] = journal.segment.number, os.pipe()
    full = b"x" * fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, full)
    journal.segment.number = writing
    journal.end.keep_time(print, 10**12)
    reader = subprocess.Popen(["/bin/sh", "-c", "sleep 0.3; exec cat"], stdin=reading)
    assert journal.enter() == NEWS - 5
    assert journal.enter() == NOT_LET_IN
    journal.end.keep_time(lambda: NOW_MS, None)
    journal.segment.number = file
    assert journal.enter() == 6
    os.close(writing)
    os.close(reading)
    reader.wait()


def test_wrong_types(journal: Journal) -> None:
    """What it cannot work with is refused."""
    for call in (
        lambda: journal.end.enter(journal.segment, b""),
        lambda: journal.end.enter(journal.admission, "text"),
        lambda: journal.end.enter(journal.admission),
        lambda: setattr(journal.end, "newest", "text"),
        lambda: journal.end.keep_time(print, "text"),
        lambda: journal.end.write_directly("text", 1),
        lambda: COMPILED.JournalEnd(1),
    ):
        with pytest.raises(TypeError):
            call()


def entrance(journal: Journal, announce: Any, lock: Any = None) -> Any:
    made = entrance_to(COMPILED, journal.admission, None, None, outcomes="o", lock=lock)
    made.lead_to(journal.end, 9, announce)
    made.open()
    return made


def test_entrance(journal: Journal) -> None:
    """An entrance to a journal gives receipts, announces the news, and can lead elsewhere."""
    news: list[int] = []
    way = entrance(journal, news.append)
    receipts = [way.offer(b"record") for _ in range(3)]
    assert [(one._outcomes, one._lane, one._seq) for one in receipts] == [
        ("o", 9, seq) for seq in (5, 6, 7)
    ]
    assert news == [5, 7]
    way.lead_to(None, 0, None)
    assert way.offer(b"record") is None
    way.lead_to(journal.end, 10, news.append)
    assert way.offer(b"record")._lane == 10
    way.shut()
    assert way.offer(b"record") is None
    with pytest.raises(TypeError):
        way.lead_to("text", 1, None)


def test_news_without_anybody_to_tell(journal: Journal) -> None:
    """Where there is nobody to tell, what begins a wait goes the long way."""
    assert entrance(journal, None).offer(b"record") is None
    assert journal.content == b""


def test_the_lock(journal: Journal) -> None:
    """It waits while another thread has the room's lock, and releases it, whatever happens."""
    lock = threading.RLock()

    def announce(seq: int) -> None:
        assert lock._is_owned()  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    way = entrance(journal, announce, lock)
    with pytest.raises(KeyboardInterrupt):
        way.offer(b"record")
    assert journal.end.waiting == 1
    assert not lock._is_owned()  # type: ignore[attr-defined]
    with lock:
        thread = threading.Thread(target=way.offer, args=(b"record",))
        thread.start()
        thread.join(0.05)
        assert (thread.is_alive(), journal.end.waiting) == (True, 1)
    thread.join()
    assert journal.end.waiting == 2


def test_threads(tmp_path: Path) -> None:
    """C4: Under threads every record is written once, and has a number of its own."""
    journal = Journal(tmp_path, segment_bytes=10**7, events=100)
    way, seqs = entrance(journal, lambda seq: None), [list[int]() for _ in range(4)]

    def offer(own: list[int]) -> None:
        for _ in range(1000):
            own.append(way.offer(b"record")._seq)

    started = [threading.Thread(target=offer, args=(own,)) for own in seqs]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert sorted(seq for own in seqs for seq in own) == list(range(5, 4005))
    found = COMPILED.Entries(KIND)
    found.add(journal.content, 0)
    assert found.gaps(5, 4005) == []
    assert journal.admission.snapshot() == (4000, 24_000)
    journal.close()
