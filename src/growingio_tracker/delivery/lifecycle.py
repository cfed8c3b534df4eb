"""Processes and their end: one engine a process, and one deadline at exit for all of them."""

from __future__ import annotations

import atexit
import logging
import os
import time
import weakref
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

from growingio_tracker.delivery.fork_mark import clear_mark, new_mark, set_mark
from growingio_tracker.delivery.process_end import beyond_atexit

_T = TypeVar("_T")

_log: Final = logging.getLogger("growingio_tracker.delivery")


class PerProcess(Generic[_T]):
    """One value for each process, made when the process first asks.

    A forked child finds no value under its own pid, makes its own, and lets go of its parent's
    without touching it: that value's locks may be held by threads that do not exist any more.
    No hook needs to run for that; the hook below only covers a pid that is used again.

    :param make: makes a value. Two threads may call it at once, and then one value is thrown
        away, so it must start nothing and open nothing.
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self._by_pid: dict[int, _T] = {}
        # Asking for the pid costs a tenth of a tracking call, so where a fork clears the mark, it
        # says for less that _value is this process's.
        self._mark = new_mark()
        self._value: _T | None = None
        _all_per_process.add(self)

    def get(self) -> _T:
        """Return this process's value."""
        if self._mark[0]:
            return self._value  # type: ignore[return-value] # pyright: ignore[reportReturnType]
        return self.peek() or self._create()

    def peek(self) -> _T | None:
        """Return this process's value, or ``None`` if nothing asked for it yet."""
        return self._by_pid.get(os.getpid())

    def put(self, value: _T | None) -> None:
        """Let ``value`` be this process's from now on; with ``None`` the next call makes one.

        Other threads may ask meanwhile, and get the one or the other.
        """
        if value is None:
            clear_mark(self._mark)
            self._by_pid = {}
        else:
            self._by_pid = {os.getpid(): value}
            self._value = value
            set_mark(self._mark)

    def forget(self) -> None:
        """Let go of every value."""
        clear_mark(self._mark)
        self._value = None
        self._by_pid = {}

    def _create(self) -> _T:
        pid = os.getpid()
        value = self._by_pid.setdefault(pid, self._make())
        for other in [key for key in self._by_pid if key != pid]:
            self._by_pid.pop(other, None)
        self._value = value
        set_mark(self._mark)
        return value


class Closable(Protocol):
    """What has to be closed before the process ends."""

    close_timeout_s: float

    def begin_close(self, timeout_s: float) -> None:
        """Start to close, without waiting for anything."""
        ...

    def close(self, timeout_s: float) -> bool:
        """Finish closing within ``timeout_s``; return whether nothing was lost by it."""
        ...


_all_per_process: Final[weakref.WeakSet[PerProcess[Any]]] = weakref.WeakSet()
# Strong references: an engine whose consumer was forgotten may still hold events.
_open: Final[dict[Closable, int]] = {}


def close_at_exit(closable: Closable) -> None:
    """Close ``closable`` when this process ends normally, unless it is closed before."""
    pid = os.getpid()
    is_first = pid not in list(_open.values())
    _open[closable] = pid
    if is_first:
        beyond_atexit(_close_all)


def closed(closable: Closable) -> None:
    """Say that ``closable`` needs no closing any more."""
    _open.pop(closable, None)


def _close_all() -> None:
    """Close everything within one deadline: all begin at once, then each gets what remains."""
    mine = [closable for closable, pid in list(_open.items()) if pid == os.getpid()]
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


# Registered at import, so that handlers which programs register later, and which may track a
# last event, run before this one.
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
