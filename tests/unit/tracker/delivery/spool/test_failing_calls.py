"""G2: after any single system call that fails, the balance holds, and no stray file is left."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from delivering.queues import DELIVERED, REJECTED
from delivering.rig import assert_balanced
from delivering.spools import HERE, Process
from growingio_tracker.delivery.spool.files import Files
from growingio_tracker.delivery.spool.store import Store, files_of
from growingio_tracker.exceptions import SpoolError
from growingio_wire.table import Kind

CALLS = ["open", "write", "truncate", "unlink", "read", "mkdir", "rename", "fsync"]


class FailingOnce:
    """Lets the n-th call of one name fail, as a full disk does."""

    def __init__(self, call: str, number: int) -> None:
        self.call = call
        self.left = number

    def __call__(self, call: str) -> None:
        if call == self.call:
            self.left -= 1
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")

    @property
    def has_failed(self) -> bool:
        return self.left <= 0


def _live(process: Process) -> tuple[list[str], list[str]]:
    """Track, deliver and have something rejected; return what was accepted, and delivered."""
    accepted, delivered = list[str](), list[str]()
    for number in range(12):
        name = f"{number:02}"
        try:
            process.offer(name)
            accepted.append(name)
        except SpoolError:
            assert_balanced(process.ledger)
        if number == 5:
            batch = process.queue.take(wait=False)
            if batch is not None:
                process.queue.settle(batch.before(1), REJECTED)
                if len(batch) > 1:
                    process.queue.settle(batch.after(1), DELIVERED)
                delivered += accepted[: len(batch)]
    for _ in range(4):
        process.look_again()
        delivered += process.deliver_all()
    return accepted, delivered


def _recover(directory: Path) -> None:
    """Let the next process look at what was left."""
    process = Process(directory)
    process.queue.request_flush()
    assert process.deliver_all() == []
    assert process.problems == []
    process.end()


@pytest.mark.parametrize("fsync", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_g2_the_nth_call_fails(tmp_path: Path, call: str, fsync: bool) -> None:
    """One failing call costs the call that made it, if any, and nothing else.

    It says so, everything accepted is delivered or kept for people to look at, and files go.
    """
    for number in range(1, 40):
        failing = FailingOnce(call, number)
        process = Process(tmp_path / str(number), files=Files(failing), fsync=fsync)
        accepted, delivered = _live(process)
        assert set(accepted) <= set(delivered), (number, set(accepted) - set(delivered))
        assert_balanced(process.ledger)
        assert process.ledger.pending == 0, number
        process.end()
        _recover(tmp_path / str(number))
        left = {path.name for path in (tmp_path / str(number)).iterdir()}
        assert not {name for name in left if not name.startswith("dead-letters")}, number
        if not failing.has_failed:
            return
    raise AssertionError("it would go on for ever")


def test_g2_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """Calls that a full disk refuses leave no file; they are accepted as soon as there is room."""
    full = True

    def refuse(call: str) -> None:
        if full and call in ("open", "write"):
            raise OSError(errno.ENOSPC, "No space left on device")

    process = Process(tmp_path / "spool", files=Files(refuse))
    for _ in range(3):
        with pytest.raises(SpoolError, match="No space left"):
            process.offer("a")
        assert list((tmp_path / "spool").iterdir()) == []
    full = False
    process.offer("b")
    assert process.deliver_all() == ["b"]
    assert process.ledger.stats().dropped == {"spool_error": 3}
    process.end()


def test_g2_a_part_of_a_record_is_taken_back(tmp_path: Path) -> None:
    """A record of which a full disk took a part is withdrawn: the next one is sound."""
    files = Files()
    store = Store.create(tmp_path, HERE, files=files)
    journal = store.journals[Kind.EVENT]
    journal.append(1, b"first")
    whole = files.write
    files.write = lambda number, data: whole(number, data[:7])
    with pytest.raises(OSError, match="only a part"):
        journal.append(1, b"second")
    files.write = whole
    journal.append(1, b"third")
    assert journal.read(0, 10, 100) == (1, (b"first", b"third"), 10)
    journal.settle(1, 3)
    store.release()
    assert not any(path.exists() for path in files_of(store.base))
