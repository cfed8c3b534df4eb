"""F3: the thread, and what happens without one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from delivering.waiting import in_threads, until
from growingio_tracker.delivery.workers import Worker


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make it impossible to start a thread; there is no seam for that."""

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        yield


class Loop:
    """A worker's loop that ends when told, well or badly."""

    def __init__(self) -> None:
        self.runs = 0
        self.restarts = 0
        self.proceed = threading.Event()
        self.error: Exception | None = None
        self.worker = Worker(self.run, self.restarted)

    def run(self) -> None:
        self.runs += 1
        assert self.proceed.wait(60.0)
        if self.error is not None:
            raise self.error

    def restarted(self) -> None:
        self.restarts += 1


def test_f3_one_thread_for_many_callers() -> None:
    """However many threads ask at once, one worker runs."""
    loop = Loop()
    in_threads([loop.worker.ensure] * 8)
    until(lambda: loop.runs == 1)
    loop.proceed.set()
    assert loop.worker.join(60.0)
    assert (loop.runs, loop.restarts) == (1, 0)


def test_f3_a_dead_worker_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    """After an exception has ended the worker, the next call starts another, and it is counted."""
    loop = Loop()
    loop.error = ValueError("end")
    loop.proceed.set()
    assert loop.worker.ensure()
    until(lambda: not loop.worker.running)
    assert "sending thread ended" in caplog.text
    loop.error = None
    assert loop.worker.ensure()
    assert loop.worker.join(60.0)
    assert (loop.runs, loop.restarts) == (2, 1)


def test_f3_a_worker_that_is_not_there() -> None:
    """Who needs a worker looks at the thread; a flag that an interrupted start left is no proof."""
    loop = Loop()
    loop.worker.running = True
    loop.proceed.set()
    assert loop.worker.ensure()
    assert loop.worker.join(60.0)
    assert loop.runs == 1


def test_f3_interrupted_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a signal handler raises while the thread is being started, the next call starts one."""

    def start(self: threading.Thread) -> None:
        raise KeyboardInterrupt

    loop = Loop()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(KeyboardInterrupt):
            loop.worker.ensure()
    assert not loop.worker.running
    assert loop.worker.ensure()
    loop.proceed.set()
    assert loop.worker.join(60.0)


def test_e3_join_is_bounded() -> None:
    """join returns False when the thread goes on, and True when there is none."""
    loop = Loop()
    assert loop.worker.join(0.0)
    loop.worker.ensure()
    assert not loop.worker.join(0.0)
    loop.proceed.set()
    assert loop.worker.join(60.0)


@pytest.mark.usefixtures("no_threads")
def test_f3_no_thread_can_be_started() -> None:
    """A failed start is no exception; it says False, and so does the next second."""
    loop = Loop()
    assert not loop.worker.ensure()
    assert not loop.worker.ensure()
    assert (loop.worker.running, loop.worker.join(0.0)) == (False, True)


@pytest.mark.usefixtures("no_threads")
def test_h4_log_handler_comes_back() -> None:
    """A logging handler that asks for the worker, called because none could start, gets False."""
    loop = Loop()
    answers: list[bool] = []

    class Handler(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            answers.append(loop.worker.ensure())

    logger, handler = logging.getLogger("growingio_tracker.delivery"), Handler()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        loop.worker.ensure()
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
    assert answers == [False]
