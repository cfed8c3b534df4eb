"""The normal ends of a process at which atexit is not enough.

The forked children of ``multiprocessing``, process pools included, and the pool processes of
Celery leave by ``os._exit``, and no atexit handler runs. Each kind lets be known beforehand, in
its own way, that it ends. Under gevent atexit handlers run, but cannot look up a server's name.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Generator
from typing import Final

_log: Final = logging.getLogger("growingio_tracker.delivery")

# Behind everything else that waits for the end, such as queues and managers with priorities of
# -5 to 100, because all of that may track a last event.
_LAST: Final = -1000


def beyond_atexit(close: Callable[[], None]) -> None:
    """Have ``close`` called, and able to send, at the ends of this process that atexit misses.

    Nothing is imported for it: a process of one of these kinds has imported what makes it one.
    """
    for prepare in (
        _at_end_of_multiprocessing_child,
        _at_end_of_celery_process,
        _keep_thread_for_gevent,
    ):
        try:
            prepare(close)
        except Exception:  # the event that is just being tracked matters more
            _log.debug("not prepared for a foreign end of the process", exc_info=True)


def _at_end_of_multiprocessing_child(close: Callable[[], None]) -> None:
    finalize = getattr(sys.modules.get("multiprocessing.util"), "Finalize", None)
    if finalize is None:  # another thread may just be importing it
        return
    multiprocessing = sys.modules["multiprocessing"]
    # What was spawned is an interpreter of its own, and its atexit handlers run.
    spawned = multiprocessing.get_start_method(allow_none=True) == "spawn"
    if multiprocessing.parent_process() is not None and not spawned:
        finalize(None, _after_other_threads, (close,), exitpriority=_LAST)


def _after_other_threads(close: Callable[[], None]) -> None:
    """Call ``close`` when no thread is left that may track.

    Up to Python 3.12 multiprocessing announces the end before it waits for the child's threads.
    Waiting here would wait for ever for a pool's threads, which are told later that it is over.
    """
    own = threading.current_thread()
    others = [one for one in threading.enumerate() if one is not own and not one.daemon]
    if others:
        threading.Thread(target=_join_and_close, args=(others, close), daemon=False).start()
    else:
        close()


def _join_and_close(threads: list[threading.Thread], close: Callable[[], None]) -> None:
    for thread in threads:
        thread.join()
    close()


def _at_end_of_celery_process(close: Callable[[], None]) -> None:
    shutdown = getattr(sys.modules.get("celery.signals"), "worker_process_shutdown", None)
    if shutdown is None:
        return

    def end(**_: object) -> None:
        with _sigterm_later():
            close()

    shutdown.connect(end, weak=False, dispatch_uid=__name__)


@contextlib.contextmanager
def _sigterm_later() -> Generator[None, None, None]:
    """Hold SIGTERM back: Celery sends it to processes that it has just told to end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep_thread_for_gevent(_: Callable[[], None]) -> None:
    """Let gevent start the native thread in which it looks up names while it still can.

    CPython 3.12 starts no thread any more when atexit handlers run.
    """
    is_patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    if is_patched is not None and is_patched("socket"):
        sys.modules["gevent"].get_hub().threadpool.spawn(int)
