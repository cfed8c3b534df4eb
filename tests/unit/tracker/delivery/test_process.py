"""E1, F1: one value a process, and the end of a process; real processes in tests/integration."""

from __future__ import annotations

import gc
import weakref

import pytest

from growingio_tracker.delivery import process
from growingio_tracker.delivery.process import PerProcess


class Pipeline:
    """Writes down how it is closed."""

    def __init__(self, log: list[str], name: str, error: Exception | None = None) -> None:
        self.close_timeout_s = 5.0
        self.given: list[float] = []
        self._log, self._name, self._error = log, name, error

    def end(self) -> None:
        self._log.append(f"end {self._name}")

    def begin_close(self, timeout_s: float) -> None:
        self._log.append(f"begin {self._name}")
        self.given.append(timeout_s)

    def close(self, timeout_s: float) -> bool:
        self._log.append(f"close {self._name}")
        self.given.append(timeout_s)
        if self._error is not None:
            raise self._error
        return True


@pytest.fixture
def pipelines() -> list[Pipeline]:
    log: list[str] = []
    return [Pipeline(log, "a", ValueError("mine")), Pipeline(log, "b")]


def test_f1_one_value() -> None:
    """A process that asks again gets the same value."""
    per_process = PerProcess(lambda: [1])
    assert per_process.peek() is None
    assert per_process.get() is per_process.get() is per_process.peek()


def test_f1_forgetting() -> None:
    """After forget the next call makes a new value, and nothing keeps the old one alive."""

    class Value:
        pass

    per_process = PerProcess(Value)
    old = weakref.ref(per_process.get())
    per_process.forget()
    gc.collect()
    assert old() is None
    assert isinstance(per_process.get(), Value)


def test_e1_one_deadline(pipelines: list[Pipeline], caplog: pytest.LogCaptureFixture) -> None:
    """All begin to close before any is waited for, within one deadline, whatever one of them does.

    It runs the handler that is registered with atexit, in a process that goes on.
    """
    for pipeline in pipelines:
        process.close_at_exit(pipeline)
    try:
        process.close_all()
    finally:
        for pipeline in pipelines:
            process.closed(pipeline)
    assert pipelines[0]._log == ["begin a", "begin b", "close a", "close b"]
    assert all(given <= 5.0 for pipeline in pipelines for given in pipeline.given)
    assert "closing failed" in caplog.text


def test_e1_closed_pipelines_are_let_go(pipelines: list[Pipeline]) -> None:
    """What was closed is not closed again at exit, and is not kept alive."""
    process.close_at_exit(pipelines[0])
    process.closed(pipelines[0])
    process.closed(pipelines[0])
    assert pipelines[0] not in process.still_open()
