"""Worker threads: one, several in a pool, and the driver that uses them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from growingio_tracker.delivery.pipeline import REENTRANT, UNDELIVERED, Pipeline
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.delivery.waiting import waits
from growingio_wire.ending import held
from growingio_wire.logs import Log
from growingio_wire.table import Kind

# Seconds in which a thread that has nothing left to do should end.
_END_S: Final = 0.5
_log: Final = Log("growingio_tracker.delivery")
_START_AGAIN_AFTER_S: Final = 1.0


class Worker:
    """Runs ``loop`` in a daemon thread, and again in a new one if it ever ends.

    :param loop: returns once there is nothing left to do.
    :param on_restart: called when a crashed worker is replaced.
    :param on_end: called in the thread when a worker ends.
    """

    def __init__(
        self,
        loop: Callable[[], None],
        on_restart: Callable[[], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._on_restart = on_restart
        self._on_end = on_end
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
        with held(self._lock):  # a thread that is being started cannot be joined yet
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _start(self) -> bool:
        with held(self._lock):
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
        except BaseException:  # threading silently ignores SystemExit
            _log.exception("the sending thread ended; the next event starts another")
        finally:
            self.running = False
            self._on_end()


class WorkerPool:
    """Several workers that are used like one.

    :param size: the number of workers; at least 1.
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
        """Return whether the caller is in the thread of one of the workers."""
        return any(worker.is_current() for worker in self._workers)

    def join(self, timeout_s: float) -> bool:
        """Wait for all threads to end; return whether they have."""
        until = time.monotonic() + timeout_s
        ended = [one.join(max(0.0, until - time.monotonic())) for one in self._workers]
        return all(ended)


class WorkerThreads:
    """Driver with worker threads.

    :param workers: the number of threads; the queue must have room for as many batches.
    """

    flush_sends, queues = False, True

    def __init__(self, pipeline: Pipeline, workers: int = 1) -> None:
        self._pipeline = pipeline
        self._room = pipeline.room
        self._interrupt = pipeline.interrupt
        self._attempting = pipeline.sender.attempting
        restarted = pipeline.ledger.note_worker_restart
        self._worker: Worker | WorkerPool = (
            Worker(self._run, restarted, pipeline.shut)
            if workers == 1
            else WorkerPool(workers, self._run, restarted)
        )
        self._at_work = 0  # threads that have not seen the end yet; guarded by the ledger's lock

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Queue one record. The first one starts the threads, before it waits for room.

        :raises QueueFullError: if the overflow policy is ``"raise"`` and the queue is full.
        """
        if self._attempting and self._pipeline.is_reentrant():
            return REENTRANT
        try:
            return self._room.offer(kind, record)
        finally:
            if not self._worker.running and self._has_work():
                self.start()

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now; return whether all of it has an outcome within ``timeout_s``."""
        mark = self._room.request_flush()
        if self._room.outcomes.wait(mark, 0.0):
            return True
        if self.is_callback():
            return False
        for wait_s in waits(timeout_s):
            self.drive()
            if self._room.outcomes.wait(mark, wait_s):
                return True
        return False

    def close(self, timeout_s: float) -> bool:
        """Deliver queued records within ``timeout_s``; return whether nothing was left undelivered.

        From a callback, it does not wait and returns ``False``: the thread finishes by itself.
        """
        pipeline = self._pipeline
        if self.is_callback():
            return False
        mark = self._room.request_flush()
        # This wait lets go of the room's lock, which a signal handler that closes may hold; join()
        # does not, so that it gets little time.
        for wait_s in waits(self._interrupt.bounded_s(timeout_s)):
            if pipeline.ledger.pending and not self._worker.ensure():
                pipeline.send_the_rest()
            if self._room.outcomes.wait(mark, wait_s):
                break
        self._worker.join(self._interrupt.bounded_s(min(timeout_s, _END_S)))
        return pipeline.finish()

    def drive(self) -> None:
        """Start the threads that are not running; send what is due if none can be started."""
        if not self.start():
            self._pipeline.send_due()

    def start(self) -> bool:
        """Return whether a thread that sends is running, after starting those that are not."""
        self._pipeline.close_at_exit()
        if not self._worker.ensure():
            return False
        self._pipeline.open()
        if not self._worker.running:  # it has ended in the meantime
            self._pipeline.shut()
        return True

    def is_callback(self) -> bool:
        """Return whether this is a callback in a thread that sends."""
        return self._worker.is_current() or self._pipeline.is_sending()

    def _has_work(self) -> bool:
        # What an earlier process left in a spool may have to be sent before an event finds room.
        is_needed = self._room.keeps or self._pipeline.ledger.pending > 0
        return is_needed and not self._interrupt.closing

    def _run(self) -> None:
        pipeline, own_threads = self._pipeline, self._pipeline.reporter.own_threads
        with pipeline.ledger.lock:
            self._at_work += 1
        try:
            own_threads.add(threading.get_ident())
            self._send_until_closed()
        finally:
            own_threads.discard(threading.get_ident())
            with pipeline.ledger.lock:
                self._at_work -= 1
                is_last = not self._at_work
        if is_last:
            pipeline.finish()

    def _send_until_closed(self) -> None:
        while (batch := self._room.take()) is not None:
            closing = self._interrupt.closing
            if not self._pipeline.send_whatever_happens(batch) and closing:
                # A whole round started after closing began, and failed: the server is unreachable.
                self._room.give_up(UNDELIVERED, batch.kind)
