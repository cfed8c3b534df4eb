"""Ownership of a file by a process, through a lock of the operating system.

Such a lock ends with its process, however that ends, so it cannot become stale. On Linux, the
system tells whether a lock is held. Elsewhere, looking takes the lock for a moment, and a process
that claims the file just then tries again.

The lock belongs to the open file, which a forked child inherits. The child closes it first of all,
because it would hold the lock beyond the end of its parent.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import time
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PEEKED_AT_S: Final = 1.0
"""How long a claim is tried again on systems where looking takes the lock for a moment."""

_held: Final[dict[int, str]] = {}
"""The files that this process owns, by file descriptor."""

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

    :param number: its file descriptor, to read or map it.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def release(self) -> None:
        """Let other processes claim the file. Releasing twice is harmless."""
        if _held.pop(self.number, None) is not None:
            os.close(self.number)


def claim(path: Path, *, patience_s: float = 0.0) -> Claim | None:
    """Claim ``path``, created if it does not exist; ``None`` if another process owns it.

    :param patience_s: seconds to keep trying.
    :raises OSError: if it cannot be opened.
    """
    peeked_at_s = 0.0 if sys.platform == "linux" else _PEEKED_AT_S
    deadline = time.monotonic() + max(patience_s, peeked_at_s)
    while True:
        number = os.open(path, _FLAGS, 0o600)
        try:
            taken = _take(number)
        except BaseException:
            os.close(number)
            raise
        if taken and _is_still(number, path):
            _held[number] = str(path)
            return Claim(number)
        os.close(number)
        if not taken:
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.001)


def is_claimed(path: Path) -> bool:
    """Return whether a process owns ``path``; ``False`` if it does not exist."""
    try:
        number = os.open(path, _FLAGS & ~os.O_CREAT)
    except OSError:
        return False
    try:
        return _is_taken(number)
    except OSError:
        return False
    finally:
        os.close(number)


def _is_still(number: int, path: Path) -> bool:
    """Return whether ``path`` is the file that was opened, not one created after its removal."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(number), path.stat())
    return False


def _let_go_in_child() -> None:
    while _held:
        number, _ = _held.popitem()
        with contextlib.suppress(OSError):
            os.close(number)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
