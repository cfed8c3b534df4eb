"""Checkpoint of a source: the position of its import, kept on disk.

The file consists of lines: the first identifies the import, each further one is a state, and the
last complete line is valid. Killing the process loses nothing; a power cut loses at most the last
second. A lock file next to it prevents a second import of the same source.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from growingio_tracker.bulk.chunks import Key
from growingio_tracker.delivery.ownership import claim
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import GrowingIOException, invalid
from growingio_wire.said import Said

_FIRST_BYTES: Final = 64 * 1024
_SYNC_S: Final = 1.0
_COMPACT_BYTES: Final = 1024 * 1024


class FileIdentity(Struct, frozen=True):
    """Identity of a file's import, which its checkpoint must match.

    :param first_bytes: a digest of the beginning of the file.
    :param kind: the kind of message that rows become.
    :param destination: a digest of project, data source and server.
    """

    size: int
    mtime_ns: int
    first_bytes: str
    kind: str
    destination: str

    def fits(self, path: Path) -> bool:
        """Return whether a file still has the same size and modification time."""
        try:
            about = path.stat()
        except OSError:
            return False
        return (about.st_size, about.st_mtime_ns) == (self.size, self.mtime_ns)


class ImportState(Struct, frozen=True):
    """Progress of an import.

    :param offset: where the next row begins; see the format's ``Place``.
    :param failed_bytes: the length of the file of failed rows.
    :param done: whether the source was read to its end.
    :param key: the key of the last row of a query; ``None`` for files.
    """

    offset: int = 0
    rows: int = 0
    delivered: int = 0
    failed: int = 0
    failed_bytes: int = 0
    done: bool = False
    key: Key | None = None


def file_identity(path: Path, kind: str, destination: tuple[str, ...]) -> FileIdentity:
    """Return the identity of the import of a file as it is now.

    :param destination: project, data source and server.
    :raises GrowingIOException: if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST_BYTES)
        about = path.stat()
    except OSError as error:
        raise GrowingIOException(
            Said(
                f"{path} cannot be read: {error}; nothing was imported",
                f"无法读取 {path}：{error}；没有导入任何数据",
            )
        ) from error
    beginning = hashlib.sha256(first).hexdigest()
    return FileIdentity(about.st_size, about.st_mtime_ns, beginning, kind, digest(destination))


def digest(value: object) -> str:
    """Return a digest of a JSON value."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


class _Lock:
    """Lock file, held by one import at a time until it is released or the process ends.

    The checkpoint itself cannot serve as one, because it is replaced atomically.

    :param path: its path; it exists only while it is held.
    :raises GrowingParamException: if another import holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        claimed = claim(path)
        if claimed is None:
            raise invalid(
                f"another import of the same source is running and holds {path}; wait until it "
                "ends",
                f"同一来源的另一个导入正在运行，并持有 {path}；请等待它结束",
            )
        self._claim = claimed

    def release(self) -> None:
        """Remove the file, and release the lock."""
        with suppress(OSError):  # Windows cannot remove open files
            self._path.unlink()
        self._claim.release()


class Checkpoint:
    """The checkpoint of one source, held by one import at a time.

    :param path: its file.
    :param owner: the import that it must belong to.
    :raises GrowingParamException: if it belongs to another import (the message says which part
        differs), or if another import is running.
    :raises GrowingIOException: if it cannot be read or written.
    """

    def __init__(self, path: Path, owner: Struct, clock: Clock = SYSTEM_CLOCK) -> None:
        self.path = path
        self._owner = owner
        self._clock = clock
        self._synced_at = clock.monotonic()
        self._closing = threading.Lock()  # guards the file, which a second Ctrl-C closes
        self._is_open = True
        with ExitStack() as cleanup:
            try:
                self._lock = _Lock(path.with_name(path.name + ".lock"))
                cleanup.callback(self._lock.release)
                self.state = self._read()
                self._file = self._begin()
            except OSError as error:
                raise _unusable(path, error) from error
            cleanup.pop_all()

    def save(self, state: ImportState) -> None:
        """Save ``state``: on disk within a second, visible to other processes immediately.

        :raises GrowingIOException: if it cannot be written.
        """
        with self._closing:
            if not self._is_open:
                raise GrowingIOException(
                    Said(
                        f"{self.path} is closed; the import has ended",
                        f"{self.path} 已关闭；导入已结束",
                    )
                )
            self.state = state
            try:
                _write(self._file, _line(state))
                if self._clock.monotonic() - self._synced_at >= _SYNC_S:
                    self._sync()
            except OSError as error:
                raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Wait until the last state is on disk.

        :raises GrowingIOException: if it cannot be written.
        """
        with self._closing:
            self._is_open = False
            try:
                self._sync()
            except OSError as error:
                raise _unusable(self.path, error) from error
            finally:
                os.close(self._file)
                self._lock.release()

    def _sync(self) -> None:
        os.fsync(self._file)
        if os.fstat(self._file).st_size > _COMPACT_BYTES:
            before, self._file = self._file, self._begin()
            os.close(before)
        self._synced_at = self._clock.monotonic()

    def _read(self) -> ImportState:
        if not self.path.exists():
            return ImportState()
        # Anything after the last line break was written only in part.
        head, *states = self.path.read_bytes().split(b"\n")[:-1] or [b""]
        try:
            owner = msgspec.json.decode(head, type=type(self._owner))
            state = _last_whole(states)
        except msgspec.DecodeError as error:
            raise invalid(
                f"{self.path} is not the checkpoint of an import; remove it, or choose another "
                "directory",
                f"{self.path} 不是导入的检查点；请删除该文件，或改用其他目录",
            ) from error
        self._check(owner)
        return state

    def _check(self, owner: Struct) -> None:
        changed = [
            name for name in owner.__struct_fields__
            if getattr(owner, name) != getattr(self._owner, name)
        ]  # fmt: skip
        if changed:
            raise invalid(
                f"{self.path} belongs to another import (different: {', '.join(changed)}). Put "
                "new rows into a separate file, or remove the checkpoint to import everything "
                "again",
                f"{self.path} 属于另一次导入（不同之处：{'、'.join(changed)}）。请把新的行放入单独"
                "的文件；如需全部重新导入，请删除该检查点",
            )

    def _begin(self) -> int:
        """Rewrite the file atomically, and leave it open."""
        draft = self.path.with_name(self.path.name + ".new")
        try:
            with draft.open("wb") as file:
                file.write(_line(self._owner) + _line(self.state))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))


def _write(file: int, line: bytes) -> None:
    # A full disk writes a part, and reports the error only at the next write.
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _last_whole(states: list[bytes]) -> ImportState:
    """Return the last state that was written completely.

    On a full disk, a line written in part is followed by the next one on the same line.
    """
    for line in reversed(states[1:]):
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(line, type=ImportState)
    return msgspec.json.decode(states[0], type=ImportState) if states else ImportState()


def _line(value: Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _unusable(path: Path, error: OSError) -> GrowingIOException:
    return GrowingIOException(
        Said(
            f"the checkpoint {path} cannot be used: {error}. Without it, the next run would repeat "
            "rows",
            f"检查点 {path} 无法使用：{error}。没有它，下次运行会重复导入",
        )
    )
