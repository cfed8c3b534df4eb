"""Ownership of a file by a process, through a lock of the operating system.

Such a lock ends with its process, however that ends, so it cannot become stale. On Linux, the
system tells whether a lock is held. Elsewhere, looking takes the lock for a moment, and a process
that claims the file just then tries again.

The lock belongs to the open file, which a forked child inherits. The child closes it first of all,
because it would hold the lock beyond the end of its parent. So no fork happens while a file is
being claimed. A mapping keeps the open file as well, so a claimed file is opened again for one.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Final

from growingio_tracker.delivery.descriptors import close, open_into

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PEEKED_AT_S: Final = 1.0
"""How long a claim is tried again on systems where looking takes the lock for a moment."""
_CLAIMED_S: Final = 1.0
"""How long a fork waits for a claim. More than enough, but a server has to be able to fork."""

_claiming: Final = [threading.RLock()]
"""Held while a file is being claimed; a child has a new one."""

_held: Final[list[tuple[weakref.ref[Claim], list[int]]]] = []
"""The claims of this process, each with the descriptor of its file."""

if sys.platform == "win32":
    import msvcrt

    _FAR: Final = 2**31 - 2  # a byte that is never written, so that the file stays readable

    def _take(number: int) -> bool:
        os.lseek(number, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _is_taken(number: int) -> bool:
        if not _take(number):
            return True
        os.lseek(number, _FAR, os.SEEK_SET)
        msvcrt.locking(number, msvcrt.LK_UNLCK, 1)
        return False

elif sys.platform == "linux":
    import fcntl

    _FLOCK: Final = "@hhqqi4x"
    _WHOLE: Final = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)

    def _take(number: int) -> bool:
        try:
            fcntl.fcntl(number, fcntl.F_OFD_SETLK, _WHOLE)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _is_taken(number: int) -> bool:
        found = struct.unpack(_FLOCK, fcntl.fcntl(number, fcntl.F_OFD_GETLK, _WHOLE))
        return bool(found[0] != fcntl.F_UNLCK)

else:
    import fcntl

    def _take(number: int) -> bool:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_taken(number: int) -> bool:
        try:
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(number, fcntl.LOCK_UN)
        return False


class Claim:
    """A file that this process owns until :meth:`release`.

    If a signal handler raises before anybody has the claim, or as it is being released, it is
    released with the next call of :func:`claim`. A destructor would swallow what a handler raises.

    :param numbers: a list with its file descriptor, which belongs to this from now on.
    :ivar number: the file descriptor, to read it.
    :ivar numbers: the list; what is added to it is closed as well.
    """

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.number = numbers[0]
        _held.append((weakref.ref(self), numbers))

    def release(self) -> None:
        """Let other processes claim the file. Releasing twice is harmless."""
        close(self.numbers)
        _forget_released()


def claim(path: Path, *, patience_s: float = 0.0) -> Claim | None:
    """Claim ``path``, created if it does not exist; ``None`` if another process owns it.

    :param patience_s: seconds to keep trying.
    :raises OSError: if it cannot be opened.
    """
    peeked_at_s = 0.0 if sys.platform == "linux" else _PEEKED_AT_S
    deadline = time.monotonic() + max(patience_s, peeked_at_s)
    _release_lost()
    while True:
        numbers: list[int] = []
        try:
            with _claiming[0]:
                open_into(numbers, path, _FLAGS)
                taken = _take(numbers[0])
                if taken and _is_still(numbers[0], path):
                    return Claim(numbers)
        except BaseException:
            close(numbers)
            raise
        os.close(numbers[0])
        if not taken:
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.001)


def _release_lost() -> None:
    """Release what nobody can release any more."""
    for owner, numbers in tuple(_held):
        if owner() is None:
            close(numbers)
    _forget_released()


def _forget_released() -> None:
    for one in tuple(_held):
        if not one[1]:
            with contextlib.suppress(ValueError):  # another thread has done the same
                _held.remove(one)


def is_claimed(path: Path) -> bool:
    """Return whether a process owns ``path``; ``False`` if it does not exist."""
    numbers: list[int] = []
    try:
        open_into(numbers, path, _FLAGS & ~os.O_CREAT)
        return _is_taken(numbers[0])
    except OSError:
        return False
    finally:
        if numbers:
            os.close(numbers[0])


def _is_still(number: int, path: Path) -> bool:
    """Return whether ``path`` is the file that was opened, not one created after its removal."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(number), path.stat())
    return False


def _await_claim() -> None:
    _claiming[0].acquire(timeout=_CLAIMED_S)


def _allow_claims() -> None:
    with contextlib.suppress(RuntimeError):  # it took too long
        _claiming[0].release()


def _let_go_in_child() -> None:
    _claiming[0] = threading.RLock()
    while _held:
        with contextlib.suppress(OSError):
            close(_held.pop()[1])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_await_claim, after_in_parent=_allow_claims, after_in_child=_let_go_in_child
    )
