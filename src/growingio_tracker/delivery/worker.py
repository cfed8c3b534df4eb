"""The threads that send."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

_log: Final = logging.getLogger("growingio_tracker.delivery")
_START_AGAIN_AFTER_S: Final = 1.0


class Worker:
    """Runs ``loop`` in a daemon thread, and again in a new one should it ever end.

    :param loop: returns when there is nothing left to do for good.
    :param on_restart: called when a worker that had ended is replaced.
    """

    def __init__(self, loop: Callable[[], None], on_restart: Callable[[], None]) -> None:
        self._loop = loop
        self._on_restart = on_restart
        self._thread: threading.Thread | None = None
        self.running = False
        self._starting = False
        self._not_before = 0.0
        # Guards starting; running may be read without it. Reentrant, because a signal handler
        # that tracks may come back from in there.
        self._lock = threading.RLock()

    def ensure(self) -> bool:
        """Return whether a thread is running, after starting one if none is."""
        return self._is_alive() or self._start()

    def is_current(self) -> bool:
        """Return whether the caller is in the worker's own thread."""
        return self._thread is threading.current_thread()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread to end; return whether it has."""
        with self._lock:  # a thread that is being started cannot be joined yet
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _start(self) -> bool:
        with self._lock:
            if self._is_alive():
                return True
            if self._starting or time.monotonic() < self._not_before:
                return False
            replaced = self._thread
            error = self._try_start()
        if error is not None:
            _log.debug("no thread could be started: %s", error)
        elif replaced is not None:
            self._on_restart()
        return error is None

    def _is_alive(self) -> bool:
        return self.running and self._thread is not None and self._thread.is_alive()

    def _try_start(self) -> RuntimeError | None:
        thread = threading.Thread(target=self._main, name="growingio-sender", daemon=True)
        replaced = self._thread
        try:
            self._starting = True
            self.running = True  # before the thread, which may end before start() returns
            self._thread = thread
            thread.start()
        except RuntimeError as error:
            # Out of threads, or the interpreter is shutting down. Flush and close manage without.
            self.running = False
            self._thread = replaced
            self._not_before = time.monotonic() + _START_AGAIN_AFTER_S
            return error
        except BaseException:
            self.running = thread.is_alive()  # a signal handler raised
            raise
        finally:
            self._starting = False
        return None

    def _main(self) -> None:
        self.running = True
        try:
            self._loop()
        except Exception:
            _log.exception("the sending thread ended; the next event starts another")
        finally:
            self.running = False


class Crew:
    """Several workers that are started, waited for and asked as if they were one.

    :param size: how many; at least 1.
    """

    def __init__(self, size: int, loop: Callable[[], None], on_restart: Callable[[], None]) -> None:
        self._workers = [Worker(loop, on_restart) for _ in range(size)]

    @property
    def running(self) -> bool:
        """Whether all of them are running."""
        return all(worker.running for worker in self._workers)

    def ensure(self) -> bool:
        """Return whether a thread is running, after starting those that are not."""
        running = [worker.ensure() for worker in self._workers]
        return any(running)

    def is_current(self) -> bool:
        """Return whether the caller is in the thread of one of them."""
        return any(worker.is_current() for worker in self._workers)

    def join(self, timeout_s: float) -> bool:
        """Wait for all threads to end; return whether they have."""
        until = time.monotonic() + timeout_s
        ended = [one.join(max(0.0, until - time.monotonic())) for one in self._workers]
        return all(ended)
