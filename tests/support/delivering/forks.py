"""A fork past Python, as source for programs that tests run in processes of their own."""

from __future__ import annotations

import inspect


def fork_past_python() -> int:
    """Fork without any hook of Python's, once no other thread has run for 20 ms.

    A thread that waits for the interpreter's lock stays in the lock's list of waiters and does not
    come along: the child would wait for it for ever.
    """
    import ctypes
    import threading
    import time
    from pathlib import Path

    others = [one.native_id for one in threading.enumerate() if one is not threading.main_thread()]

    def switches() -> list[str]:
        tasks = [Path(f"/proc/self/task/{one}/status").read_text().splitlines() for one in others]
        return [line for task in tasks for line in task if "ctxt_switches" in line]

    before, now = [""], switches()
    while before != now:
        time.sleep(0.02)
        before, now = now, switches()
    forked: int = ctypes.PyDLL(None).fork()
    return forked


FORK_PAST_PYTHON = inspect.getsource(fork_past_python)
