"""System calls of a spool, in one place so that tests can make any of them fail.

Waiting for the disk is among them: once for all threads that wait at the same time.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from growingio_tracker.delivery.descriptors import open_into
from growingio_wire.ending import held
from growingio_wire.said import Said

_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700
_BINARY: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class DiskError(OSError):
    """An error of the disk that the system has no words for.

    :param number: the system's number for it; ``None`` if it has none.
    """

    def __init__(self, said: Said, number: int | None = None) -> None:
        super().__init__(*((said.en,) if number is None else (number, said.en)))
        self.said = said


class Files:
    """The file system as a spool uses it.

    :param before: called with the name of each call before it is made; if it raises, the call is
        not made. ``None`` makes every call.
    """

    def __init__(self, before: Callable[[str], None] | None = None) -> None:
        self._before = before
        self.are_direct = before is None
        """Whether the compiled core may make the calls for an event by itself."""
        # The only call made for every event; it has no overhead unless a test listens.
        self.write: Callable[[int, bytes], int] = os.write if before is None else self._write

    def make_directory(self, path: Path) -> None:
        """Create a directory that only its owner can read, unless it exists."""
        self._note("mkdir")
        if not path.is_dir():
            path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)

    def create(self, path: Path, numbers: list[int]) -> None:
        """Create a file that only its owner can read; append its descriptor to ``numbers``."""
        self._note("open")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY
        open_into(numbers, path, flags, _MODE)

    def open(self, path: Path, numbers: list[int]) -> None:
        """Open a file to read and append; append its descriptor to ``numbers``."""
        self._note("open")
        open_into(numbers, path, os.O_RDWR | os.O_APPEND | _BINARY)

    def write_whole(self, number: int, data: bytes) -> None:
        """Append ``data`` to a file.

        :raises OSError: if not all of it could be written, as on a disk that has just become full.
        """
        if self.write(number, data) != len(data):
            said = Said(
                f"only a part of {len(data)} bytes could be written",
                f"{len(data)} 字节只写入了一部分",
            )
            raise DiskError(said, errno.ENOSPC)

    def read(self, number: int, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes from ``offset`` on."""
        if size <= 0:
            return b""
        self._note("read")
        if hasattr(os, "pread"):
            return os.pread(number, size, offset)
        os.lseek(number, offset, os.SEEK_SET)
        return os.read(number, size)

    def truncate(self, number: int, size: int) -> None:
        """Cut a file to ``size`` bytes."""
        self._note("truncate")
        os.ftruncate(number, size)

    def sync(self, number: int) -> None:
        """Wait until what was written is on the disk itself."""
        self._note("fsync")
        getattr(os, "fdatasync", os.fsync)(number)

    def sync_directory(self, path: Path) -> None:
        """Wait until the disk knows of new files in a directory."""
        self._note("fsync")
        if hasattr(os, "O_DIRECTORY"):  # Windows cannot, and need not
            numbers: list[int] = []
            try:
                open_into(numbers, path, os.O_RDONLY | os.O_DIRECTORY)
                os.fsync(numbers[0])
            finally:
                if numbers:
                    os.close(numbers[0])

    def replace(self, path: Path, target: Path) -> None:
        """Replace ``target`` with another file."""
        self._note("rename")
        path.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file, unless it is gone."""
        self._note("unlink")
        path.unlink(missing_ok=True)

    def remove_if_possible(self, path: Path) -> None:
        """Remove a file; one that cannot be removed now does no harm."""
        with contextlib.suppress(OSError):
            self.remove(path)

    def _write(self, number: int, data: bytes) -> int:
        self._note("write")
        return os.write(number, data)

    def _note(self, call: str) -> None:
        if self._before is not None:
            self._before(call)


DISK: Final = Files()
"""The file system as it is."""


def size_of(path: Path) -> int:
    """Return the size of a file; 0 if it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class GroupSync:
    """Makes what was written before a call safe from power cuts.

    The first thread syncs; threads that arrive meanwhile wait for the next turn, in which one of
    them syncs for all.

    :param sync: waits for the disk; raises ``OSError`` if it cannot store what was written.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._turn = threading.RLock()  # a signal handler may track during a turn
        self._came = 0
        self._done = 0

    def wait(self) -> None:
        """Return when everything that was written before is on the disk itself.

        :raises OSError: if it is not.
        """
        self._came += 1
        mine = self._came
        with held(self._turn):
            if self._done >= mine:
                return
            begun = self._came
            self._sync()
            self._done = max(self._done, begun)
