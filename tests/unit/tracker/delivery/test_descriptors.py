"""Files and locks of a spool whose calls are interrupted by a signal handler that raises."""

from __future__ import annotations

import gc
import itertools
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from delivering.rig import record
from delivering.spools import HERE, Process
from growingio_tracker.delivery import Batch, Rejected
from growingio_tracker.delivery.ownership import claim, is_claimed
from growingio_tracker.delivery.spool.control import heading_size
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_wire.errors import RejectedError
from growingio_wire.table import Kind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="not here: no /proc")


OF_FILES = re.compile(r"/growingio_tracker/delivery/(descriptors|ownership|spool/.*)\.py$")


class Interrupted(BaseException):
    """What the signal handler raises."""


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Interrupted


def is_interrupted(call: Callable[[], object], at: int) -> bool:
    """Make ``call``, whose ``at``-th chance for a signal handler is taken; return if there is one.

    CPython runs signal handlers where functions begin, and where calls of C functions return.
    """
    chances = itertools.count()

    def watch(frame: FrameType, event: str, _: object) -> None:
        is_chance = event in ("call", "c_return") and OF_FILES.search(frame.f_code.co_filename)
        if is_chance and next(chances) == at:
            signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    sys.setprofile(watch)
    try:
        call()
    except Interrupted:
        return True
    finally:
        sys.setprofile(None)
        signal.signal(signal.SIGUSR1, before)
    return False


def open_files(folder: Path) -> set[Path]:
    """Return the files in ``folder`` that are open. What other tests left behind may close."""
    files = set[Path]()
    for number in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing
            files.add(number.readlink())
    return {file for file in files if file.is_relative_to(folder)}


def lock(directory: Path) -> None:
    owned = claim(directory / "lock")
    assert owned is not None
    owned.release()


def look(directory: Path) -> None:
    (directory / "lock").touch()
    is_claimed(directory / "lock")


def read(directory: Path) -> None:
    (directory / "segment").write_bytes(b"no heading")
    heading_size(directory / "segment")


def queue(directory: Path) -> None:
    process = Process(directory, fsync=True)
    try:
        process.offer("a")
    finally:
        sys.setprofile(None)
        process.end()


def keep(directory: Path) -> None:
    batch = Batch.of(Kind.EVENT, (record("a"),))
    outcome = Rejected("rejected", RejectedError("no", 400))
    DeadLetters(directory).keep_rejected(batch, outcome, HERE, 0)


@pytest.mark.parametrize("call", [lock, look, read, queue, keep])
def test_g3_interrupted_calls(tmp_path: Path, call: Callable[[Path], None]) -> None:
    """Wherever a signal handler raises, no file stays open, and none locked."""
    gc.collect()
    gc.freeze()  # what there is need not be looked at each time
    for at in itertools.count():
        directory = tmp_path / str(at)
        directory.mkdir()
        interrupted = is_interrupted(partial(call, directory), at)
        gc.collect()
        lock(tmp_path)  # releases what was lost
        assert not open_files(tmp_path), f"at {at}"
        assert not any(map(is_claimed, directory.iterdir())), f"at {at}"
        if not interrupted:
            break
    assert at > 1
