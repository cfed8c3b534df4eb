"""G3, G7: who owns a file, and who only looks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from delivering.waiting import DEADLINE_S
from growingio_tracker.delivery import ownership
from growingio_tracker.delivery.ownership import claim, is_claimed
from growingio_tracker.delivery.spool import being_relay
from growingio_tracker.exceptions import SpoolError

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")


def test_g3_one_owner(tmp_path: Path) -> None:
    """A file has one owner at a time, also within one process."""
    owned = claim(tmp_path / "file")
    assert owned is not None
    assert is_claimed(tmp_path / "file")
    assert claim(tmp_path / "file") is None
    owned.release()
    owned.release()
    assert not is_claimed(tmp_path / "file")


@pytest.mark.skipif(sys.platform != "linux", reason="not here: looking takes the lock elsewhere")
def test_g7_looking_takes_nothing(tmp_path: Path) -> None:
    """Whoever looks for an owner, however often, never keeps anybody from becoming one."""
    path, ended = tmp_path / "relay.lock", threading.Event()

    def look() -> None:
        while not ended.is_set():
            is_claimed(path)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(300):
            owned = claim(path)
            assert owned is not None
            owned.release()
    finally:
        ended.set()
        looking.join()


def test_g7_looking_makes_no_file(tmp_path: Path) -> None:
    """Looking for a relay leaves nothing behind, and a second relay is refused."""
    assert not is_claimed(tmp_path / "relay.lock")
    assert list(tmp_path.iterdir()) == []
    with being_relay(tmp_path):
        assert is_claimed(tmp_path / "relay.lock")
        with pytest.raises(SpoolError, match="already has a relay"), being_relay(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


@contextmanager
def child() -> Iterator[None]:
    """Fork a child that lives until the end of the block."""
    may_end, end = os.pipe()
    lives, say_lives = os.pipe()
    if not (number := os.fork()):
        os.close(end)
        os.write(say_lives, b".")
        os.read(may_end, 1)
        os._exit(0)
    os.close(may_end)
    try:
        assert os.read(lives, 1) == b"."
        yield
    finally:
        os.close(end)
        os.waitpid(number, 0)
        os.close(lives)
        os.close(say_lives)


@forks
def test_g3_a_forked_child_owns_nothing(tmp_path: Path) -> None:
    """What a process owned is free when it lets go, whatever children of it still live."""
    owned = claim(tmp_path / "file")
    assert owned is not None
    with child():
        owned.release()
        assert not is_claimed(tmp_path / "file")


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_g3_a_fork_amid_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is forked while another thread claims a file owns nothing either."""
    is_open, is_forked, take = threading.Event(), threading.Event(), ownership._take

    def take_late(number: int) -> bool:
        is_open.set()
        is_forked.wait(0.2)  # a fork waits for the claim
        return take(number)

    monkeypatch.setattr(ownership, "_take", take_late)
    with ThreadPoolExecutor(1) as pool:
        claiming = pool.submit(claim, tmp_path / "file")
        assert is_open.wait(DEADLINE_S)
        with child():
            is_forked.set()
            owned = claiming.result(DEADLINE_S)
            assert owned is not None
            owned.release()
            assert not is_claimed(tmp_path / "file")
