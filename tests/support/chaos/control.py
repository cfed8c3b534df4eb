"""What a process of a run does when its board says so."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
import time
import traceback

from chaos.board import Board, Slot
from chaos.settings import CHILD_EVENTS
from chaos.tracking import Tracking

_PAUSE_S = 0.002
_ASK_EVERY_S = 0.1


def track(tracking: Tracking) -> None:
    """Track in threads until the board says that this is the end, or a signal handler exits."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=tracking.hand_over, args=(number, stop.is_set))
        for number in range(tracking.board.threads)
    ]
    for thread in threads:
        thread.start()
    try:
        tracking.board[Slot.PID] = os.getpid()  # from here on it obeys, signals included
        _obey(tracking)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _obey(tracking: Tracking) -> None:
    board, asked_at = tracking.board, 0.0
    watcher = os.getppid()
    while not board[Slot.ENDING] and os.getppid() == watcher:  # without one nobody would end it
        if (full_at := board[Slot.FULL_AT]) != board[Slot.IS_FULL_AT]:
            limit_files(full_at)
            board[Slot.IS_FULL_AT] = full_at
        if board[Slot.FORKED] < board[Slot.FORKS]:
            _fork(tracking)
        if board[Slot.ASKING] and time.monotonic() - asked_at > _ASK_EVERY_S:
            asked_at = time.monotonic()
            tracking.tracker.flush(0)
        _reap()
        time.sleep(_PAUSE_S)


def limit_files(full_at: int) -> None:
    """Let no file grow to ``full_at`` bytes or beyond; 0 lifts the limit.

    Writing fails as it does on a full disk, with EFBIG in place of ENOSPC: Python ignores the
    signal that would come first. It needs no file system of its own, and so no rights.
    """
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    soft = full_at - 1 if full_at else hard
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _fork(tracking: Tracking) -> None:
    board, number = tracking.board, tracking.board[Slot.FORKED] + 1
    name = f"{tracking.name}.{number}"
    child = Board(tracking.settings.boards / name, board.threads)
    child[Slot.TARGET] = CHILD_EVENTS
    kill = bool(board[Slot.KILLS_CHILD])
    if os.fork() == 0:
        try:
            limit_files(0)
            tracking.become(name, child)
            _be_a_child(tracking, kill=kill)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    # Not before: a signal handler that raises amid a fork leaves locks of the interpreter locked.
    board[Slot.FORKED] = number


def _be_a_child(tracking: Tracking, *, kill: bool) -> None:
    board = tracking.board
    board[Slot.PID] = os.getpid()
    tracking.hand_over(0, lambda: board[Slot.FIRST_THREAD] >= CHILD_EVENTS)
    if kill:
        board[Slot.OVER] = 1
        os.kill(os.getpid(), signal.SIGKILL)
    tracking.consumer.close()
    tracking.report()
    board[Slot.OVER] = 1


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
