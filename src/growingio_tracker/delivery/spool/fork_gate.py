"""No thread is inside SQLite while the process forks.

SQLite has locks for the whole process. A child that is forked while another thread holds one waits
for ever when it opens a file, though that file is its own. A fork of which Python knows nothing
goes without this, and only a moment inside SQLite is in danger then.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final

GATE: Final = threading.RLock()
"""Held around every use of SQLite that no guarded lock protects. Inside of it no other lock is
taken, and nobody waits: a signal handler may come in."""

_guarded: Final[list[weakref.ref[threading.RLock]]] = []
_held: Final[list[threading.RLock]] = []


def guard(lock: threading.RLock) -> None:
    """Let no process be forked while another thread holds ``lock``."""
    _guarded.append(weakref.ref(lock))


def _close_gate() -> None:
    for reference in list(_guarded):
        lock = reference()
        if lock is None:
            _guarded.remove(reference)
        else:
            lock.acquire()
            _held.append(lock)
    GATE.acquire()


def _open_gate() -> None:
    GATE.release()
    while _held:
        _held.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_gate, after_in_parent=_open_gate, after_in_child=_open_gate)
