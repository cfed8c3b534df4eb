"""G2, G6: files that are damaged, torn, gone or not ours, and directories that cannot be used."""

from __future__ import annotations

import random
import shutil
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from delivering.queues import DELIVERED, REJECTED
from delivering.rig import assert_balanced
from delivering.spools import HERE, Process
from drawing import examples
from growingio_tracker.delivery.spool import control
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_tracker.delivery.spool.segment import Count
from growingio_tracker.delivery.spool.store import Store, stores_in
from growingio_tracker.exceptions import SpoolError
from growingio_wire.table import Kind

Start = Callable[..., Process]
NAMES = [f"event-{number:04}" for number in range(600)]
SEGMENT_BYTES = 4000


def _leave(start: Start, names: list[str] = NAMES) -> Path:
    """Let a process leave events of these names; return the segment that they are in."""
    process = start()
    process.offer(*names)
    process.end()
    [path] = process.spool.directory.glob("*.seg")
    return path


def _overwrite_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 512)


def _assert_all_accounted(process: Process, delivered: list[str], lost: int) -> None:
    assert len(delivered) + lost == len(NAMES)
    assert delivered == sorted(delivered)
    assert process.ledger.stats().dropped == {"spool_damaged": lost}
    assert sum(one.events for one in process.problems) == lost
    assert_balanced(process.ledger)


def test_g2_damage_in_the_middle(start: Start) -> None:
    """When a part of a file is destroyed, everything before it and behind it is delivered.

    What lay in the part is counted and reported with its exact number.
    """
    _overwrite_middle(_leave(start))
    process = start()
    process.queue.request_flush()
    delivered = process.deliver_all()
    assert (delivered[0], delivered[-1]) == (NAMES[0], NAMES[-1])
    assert process.reasons == ["spool_damaged"]
    _assert_all_accounted(process, delivered, len(NAMES) - len(delivered))
    assert 0 < len(NAMES) - len(delivered) < 20


@pytest.mark.parametrize("cut", [1, 30, 5_000])
def test_g2_a_torn_end(start: Start, cut: int) -> None:
    """When the end of a file is cut off, what is before it is delivered; the rest is counted."""
    path = _leave(start)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - cut)
    process = start()
    process.queue.request_flush()
    delivered = process.deliver_all()
    assert delivered == NAMES[: len(delivered)]
    _assert_all_accounted(process, delivered, len(NAMES) - len(delivered))
    process.offer("later")
    assert process.deliver_all() == ["later"]


def test_g2_damage_spares_what_was_delivered(start: Start) -> None:
    """What was delivered of a file before it was damaged is neither sent nor counted again."""
    path = _leave(start)
    process = start()
    process.queue.request_flush()
    batch = process.deliver_one()
    process.end()
    _overwrite_middle(path)
    second = start()
    second.queue.request_flush()
    delivered = second.deliver_all()
    assert (delivered[0], delivered[-1]) == (NAMES[len(batch)], NAMES[-1])
    assert second.reasons == ["spool_damaged"]
    assert second.ledger.stats().accepted == len(NAMES) - len(batch)
    assert_balanced(second.ledger)


def test_g2_damage_while_in_use(start: Start) -> None:
    """A file that is damaged while it is in use costs what is damaged, and nothing is fatal."""
    process = start()
    process.offer(*NAMES)
    [path] = process.spool.directory.glob("*.seg")
    _overwrite_middle(path)
    delivered = process.deliver_all()
    process.look_again()
    assert process.deliver_all() == []
    _assert_all_accounted(process, delivered, len(NAMES) - len(delivered))
    process.offer("later")
    assert process.deliver_all() == ["later"]


def _damage(path: Path, draw: random.Random) -> None:
    """Do something to a file that a disk, a crash or a person may do."""
    content = bytearray(path.read_bytes())
    at = draw.randrange(len(content))
    match draw.choice(["flip", "cut", "zero", "remove"]):
        case "flip":
            content[at] ^= 1 << draw.randrange(8)
        case "cut":
            del content[at:]
        case "zero":
            content[at : at + 64] = bytes(len(content[at : at + 64]))
        case _:
            path.unlink()
            return
    path.write_bytes(content)


def test_g2_a_thousand_damages(tmp_path: Path) -> None:
    """After any one damage every record is read unaltered or counted, and all files go."""
    original = tmp_path / "original"
    store = Store.create(original, HERE, segment_bytes=SEGMENT_BYTES)
    journal = store.journals[Kind.EVENT]
    records = [b"%04d" % number * (1 + number % 50) for number in range(500)]
    for record in records:
        journal.append(1, record)
    journal.settle(1, 201)
    store.close()
    for trial in range(examples(1000)):
        draw, copy = random.Random(trial), tmp_path / str(trial)
        shutil.copytree(original, copy)
        _damage(draw.choice(sorted(copy.iterdir())), draw)
        assert _read_all(copy, records) >= 300, trial
        assert not list(copy.iterdir()), trial


def _read_all(directory: Path, records: list[bytes]) -> int:
    """Read and settle everything in a store; return how much was read or counted as lost."""
    [base] = stores_in(directory)
    store = Store.adopt(base, segment_bytes=SEGMENT_BYTES)
    assert store is not None
    journal, lost = store.journals[Kind.EVENT], list[Count]()
    journal.on_lost = lost.append
    there, missing = journal.contents()
    read, first = list[bytes](), journal.settled
    while (found := journal.read(first, 50, 10**6))[1]:
        read += found[1]
        first = found[0] + len(found[1])
    assert set(read) <= set(records)
    assert len(read) + sum(count.events for count in lost) == there.events
    assert sum(map(len, read)) + sum(count.size for count in lost) == there.size
    journal.settle(1, journal.entered)
    store.release()
    return there.events + missing.events


def test_g6_a_newer_release_made_it(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of a newer release is left alone, byte for byte, and that is said once."""
    with monkeypatch.context() as newer:
        newer.setattr(control, "VERSION", control.VERSION + 1)
        _leave(start)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    process = start()
    for _ in range(2):
        process.offer("mine")
        assert process.deliver_all() == ["mine"]
        process.look_again()
    assert process.reasons == ["spool_newer"]
    assert {path: path.read_bytes() for path in before} == before


def test_g2_a_control_file_of_something_else(start: Start) -> None:
    """What a segment says of itself stands in for a control file that was overwritten."""
    path = _leave(start)
    [made] = path.parent.glob("*.spool")
    made.write_bytes(b"not a control file, however long one looks at it " * 100)
    process = start()
    process.queue.request_flush()
    assert process.deliver_all() == NAMES


def test_g6_strange_files(start: Start, tmp_path: Path) -> None:
    """Files and folders that only look like ours are left alone, and stop nothing."""
    strange = ["a-b-c.spool", "my-old-backup.spool", "1234abcd-1-2-event-xyz.seg", "relay.lock"]
    for name in strange:
        (tmp_path / name).write_text("hello")
    (tmp_path / "0123abcd-1-2.spool").mkdir()
    process = start()
    process.offer("a")
    assert process.deliver_all() == ["a"]
    assert process.reasons == []
    assert {path.name for path in tmp_path.iterdir()} >= {*strange, "0123abcd-1-2.spool"}


@pytest.mark.skipif(not hasattr(stat, "S_IMODE"), reason="not here: modes")
def test_g6_nobody_else_can_read_it(tmp_path: Path) -> None:
    """The directory has mode 0700, and each file in it 0600, whatever the process's umask is."""
    process = Process(tmp_path / "spool")
    process.offer("a")
    batch = process.queue.take(wait=False)
    assert batch is not None
    process.queue.settle(batch, REJECTED)
    process.offer("b")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "spool").iterdir()}
    assert modes == {0o600}
    process.end()


def test_g6_a_deleted_directory(tmp_path: Path) -> None:
    """A directory that somebody deletes is noticed at the next call: the loss is counted."""
    process = Process(tmp_path / "spool")
    process.offer("a", "b")
    shutil.rmtree(tmp_path / "spool")
    process.offer("c")
    assert process.deliver_all() == ["c"]
    assert process.ledger.stats().dropped == {"spool_damaged": 2}
    assert process.reasons == ["spool_damaged"]
    assert_balanced(process.ledger)
    process.end()


def test_g2_rejected_on_a_full_disk(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rejected event that cannot become a dead letter stays, and its neighbours go."""
    process = start()
    process.offer(*"abcde")
    batch = process.queue.take(wait=False)
    assert batch is not None
    with monkeypatch.context() as patch:

        def fail(*_: object) -> int:
            raise SpoolError("the disk is full")

        patch.setattr(DeadLetters, "keep_rejected", fail)
        for outcome in (DELIVERED, REJECTED, DELIVERED, REJECTED, DELIVERED):
            process.queue.settle(batch.before(1), outcome)
            batch = batch.after(1)
    assert_balanced(process.ledger)
    process.look_again()
    assert process.deliver_all() == ["b", "d"]
    assert process.ledger.pending == 0


@pytest.mark.parametrize("kind", Kind)
def test_g2_unwritable_directory(tmp_path: Path, kind: Kind) -> None:
    """A directory in which no file can be made is a SpoolError at the call."""
    place = tmp_path / "file"
    place.write_text("in the way")
    process = Process(place / "spool")
    with pytest.raises(SpoolError, match="cannot take the event"):
        process.offer("a", kind=kind)
    assert process.ledger.stats().dropped == {"spool_error": 1}
    place.unlink()
    process.offer("b", kind=kind)
    assert process.deliver_all() == ["b"]
    process.end()


def test_g2_unreadable_directory(start: Start) -> None:
    """A directory that cannot be looked through is told of, and own events go on."""
    process = start()
    process.offer("a")

    def fail() -> object:
        raise PermissionError("not yours")

    process.spool.adopt_stores = fail  # type: ignore[method-assign, assignment]
    assert process.deliver_all() == ["a"]
    process.look_again()
    process.offer("b")
    assert process.deliver_all() == ["b"]
    assert set(process.reasons) == {"spool_unreadable"}


def test_g2_a_record_is_checked_as_a_whole(start: Start) -> None:
    """A time that was altered makes its record damaged, too: the checksum covers the head."""
    path = _leave(start, ["a", "b"])
    content = bytearray(path.read_bytes())
    at = content.index(b"\xf6\xf7") + 16
    struct.pack_into("<q", content, at, 0)
    path.write_bytes(content)
    process = start()
    process.queue.request_flush()
    assert process.deliver_all() == ["b"]
    assert process.ledger.stats().dropped == {"spool_damaged": 1}
