"""Locks at the end of the interpreter, when destructors still run.

From then on, only one thread runs. The interpreter has ended the others wherever they were: one may
hold a lock forever, and one may be waiting for it in the system, where it still gets it.
"""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Final

_ENDED_S: Final = 0.1


def is_lost(lock: threading.RLock) -> bool:
    """Return whether a thread that the interpreter has ended holds ``lock``.

    If not, this thread holds it from now on: once released, it could be lost to a thread that waits
    for it.
    """
    return sys.is_finalizing() and not lock.acquire(timeout=_ENDED_S)


def held(lock: threading.RLock) -> AbstractContextManager[object]:
    """Return what holds ``lock`` for a block; a block needs none if the lock is lost."""
    return nullcontext() if is_lost(lock) else lock
