"""Forks and ends of processes: per-process state, and one deadline for the end.

====================================  =============================  ===============================
what happens                          who tells us                   what we do
====================================  =============================  ===============================
``os.fork()``                         ``os.register_at_fork``        forget the parent's values
fork past Python (C, ``PyDLL``)       a page that the kernel wipes,  the same, at the next call
                                      or else the pid
end of the main thread, ``sys.exit``  ``atexit``                     close everything, all within
uncaught exception, Ctrl-C            ``atexit``                     the longest ``close_timeout_s``
older ``atexit`` handlers,            the end has been before        send in the caller within what
``logging.shutdown``, ``__del__``                                    remains of the deadline
SIGTERM with a handler that exits     ``atexit``                     the same
(gunicorn, ``sys.exit``)
uvicorn, which kills itself           the application's lifespan     the same, for one tracker
SIGTERM without a handler, SIGKILL,   nobody                         nothing; what was in memory is
``os._exit``, a crash                                                lost, what is in a spool waits
``multiprocessing`` child, pools      ``util.Finalize``, last of     the same, when its threads have
(fork, forkserver)                    all                            ended
``multiprocessing`` child (spawn)     ``atexit``                     the same
Celery's pool process                 ``worker_process_shutdown``    the same, SIGTERM held back
gevent's patched process              ``atexit``                     the same; its resolver thread
                                                                     was started before
====================================  =============================  ===============================

The hooks of other packages are registered at the first event, and nothing is imported for them: a
process of one of these kinds has imported what makes it one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator
from typing import Any, Final, Generic, Protocol, TypeVar

from growingio_tracker.core import process_number
from growingio_wire.logs import Log

_T = TypeVar("_T")

_log: Final = Log("growingio_tracker.delivery")

# After all other finalizers, for example of queues and managers (priorities -5 to 100), because
# they may track a last event.
_LAST: Final = -1000


class PerProcess(Generic[_T]):
    """One value for each process, created at the first use.

    A forked child finds no value under its own number, creates its own, and drops its parent's
    without touching it: that value's locks may be held by threads that no longer exist.
    No hook needs to run for that; the hook below only covers a pid that is used again, where a
    process is known by that.

    :param make: creates a value. Two threads may call it at the same time, and one value is then
        thrown away, so it must start nothing and open nothing.
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self._values: dict[int, _T] = {}
        _all_per_process.add(self)

    def get(self) -> _T:
        """Return this process's value."""
        return self.peek() or self._create()

    def peek(self) -> _T | None:
        """Return this process's value, or ``None`` if it was not used yet."""
        return self._values.get(process_number())

    def put(self, value: _T | None) -> None:
        """Set this process's value; with ``None``, the next use creates one.

        Other threads may get either value meanwhile.
        """
        self._values = {} if value is None else {process_number(): value}
        self.changed(value)

    def forget(self) -> None:
        """Drop every value."""
        self.put(None)

    def changed(self, value: _T | None) -> None:
        """Called with the new value after a change."""

    def _create(self) -> _T:
        number = process_number()
        value = self._values.setdefault(number, self._make())
        for other in [key for key in self._values if key != number]:
            self._values.pop(other, None)
        self.changed(value)
        return value


class Closable(Protocol):
    """Interface of objects that have to be closed before the process ends."""

    close_timeout_s: float

    def end(self) -> None:
        """Send later events immediately, since nothing will close this object any more."""
        ...

    def begin_close(self, timeout_s: float) -> None:
        """Start closing, without waiting."""
        ...

    def close(self, timeout_s: float) -> bool:
        """Finish closing within ``timeout_s``; return whether nothing was lost."""
        ...


_all_per_process: Final[weakref.WeakSet[PerProcess[Any]]] = weakref.WeakSet()
# Strong references: the pipeline of an abandoned consumer may still hold events.
_open: Final[dict[Closable, int]] = {}
_known: Final[weakref.WeakSet[Closable]] = weakref.WeakSet()
_ended_at: Final[dict[int, float]] = {}  # for each pid, when its end began


def know(closable: Closable) -> None:
    """Register ``closable`` for the end of this process; call it now if that has begun."""
    _known.add(closable)
    if os.getpid() in _ended_at:
        closable.end()


def remaining_s(timeout_s: float) -> float:
    """Return what remains of ``timeout_s`` since the end of this process began; never negative.

    Nothing remains while the interpreter tears down its modules: a request could be sent, but its
    response could not be read.
    """
    if sys.is_finalizing():
        return 0.0
    ended_at = _ended_at.get(os.getpid())
    return timeout_s if ended_at is None else max(0.0, ended_at + timeout_s - time.monotonic())


def close_at_exit(closable: Closable) -> None:
    """Close ``closable`` when this process ends normally, unless it is closed before."""
    pid = os.getpid()
    is_first = pid not in list(_open.values())
    _open[closable] = pid
    if is_first:
        _prepare_for_other_ends()


def closed(closable: Closable) -> None:
    """Note that ``closable`` needs no closing any more."""
    _open.pop(closable, None)


def still_open() -> list[Closable]:
    """Return the objects to close when this process ends."""
    return [closable for closable, pid in list(_open.items()) if pid == os.getpid()]


def end() -> None:
    """Close everything, and send later events immediately; called when the process ends.

    Threads and handlers that run later may track a last event.
    """
    _ended_at.setdefault(os.getpid(), time.monotonic())
    close_all()
    for closable in list(_known):
        closable.end()


def close_all() -> None:
    """Close everything within one deadline: all start, then each gets the remaining time."""
    mine = still_open()
    if not mine:
        return
    deadline = time.monotonic() + max(closable.close_timeout_s for closable in mine)
    for closable in mine:
        closable.begin_close(max(0.0, deadline - time.monotonic()))
    for closable in mine:
        try:
            closable.close(max(0.0, deadline - time.monotonic()))
        except Exception:
            _log.exception("closing failed in an unexpected way; the other consumers still close")


def _forget_all() -> None:
    for per_process in list(_all_per_process):
        per_process.forget()
    _open.clear()
    _known.clear()
    _ended_at.clear()


# Registered at import, so that handlers which programs register later, and which may track a
# last event, run before this one.
atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _prepare_for_other_ends() -> None:
    """Register hooks for the ends of this process that atexit misses."""
    for prepare in (
        _at_end_of_multiprocessing_child,
        _at_end_of_celery_process,
        _keep_thread_for_gevent,
    ):
        try:
            prepare()
        except Exception:  # the event being tracked matters more
            _log.debug("not prepared for a foreign end of the process", exc_info=True)


def _at_end_of_multiprocessing_child() -> None:
    finalize = getattr(sys.modules.get("multiprocessing.util"), "Finalize", None)
    if finalize is None:  # another thread may just be importing it
        return
    multiprocessing = sys.modules["multiprocessing"]
    # A spawned process is a new interpreter, whose atexit handlers run.
    spawned = multiprocessing.get_start_method(allow_none=True) == "spawn"
    if multiprocessing.parent_process() is not None and not spawned:
        finalize(None, _close_after_other_threads, exitpriority=_LAST)


def _close_after_other_threads() -> None:
    """Close once no thread is left that may track.

    Up to Python 3.12, multiprocessing announces the end before it waits for the child's threads.
    Waiting for them here would never end for a pool's threads, which are stopped only later.
    """
    own = threading.current_thread()
    others = [one for one in threading.enumerate() if one is not own and not one.daemon]
    if others:
        threading.Thread(target=_join_and_close, args=(others,), daemon=False).start()
    else:
        end()


def _join_and_close(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
    end()


def _at_end_of_celery_process() -> None:
    shutdown = getattr(sys.modules.get("celery.signals"), "worker_process_shutdown", None)
    if shutdown is not None:
        shutdown.connect(_close_in_celery, weak=False, dispatch_uid=__name__)


def _close_in_celery(**_: object) -> None:
    with _sigterm_later():
        end()


@contextlib.contextmanager
def _sigterm_later() -> Generator[None, None, None]:
    """Defer SIGTERM, which Celery sends to processes that it has just told to end."""
    import signal  # slow to import, and Celery has done so

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep_thread_for_gevent() -> None:
    """Let gevent start its native resolver thread while it still can.

    CPython 3.12 starts no threads once atexit handlers run, so atexit handlers under gevent could
    not resolve the server's name.
    """
    is_patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    if is_patched is not None and is_patched("socket"):
        sys.modules["gevent"].get_hub().threadpool.spawn(int)
