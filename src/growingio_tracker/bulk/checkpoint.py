"""The place up to which a file has been imported, kept on disk.

A checkpoint is a file of lines: the first says which import it belongs to, each further one is a
state, and the last whole line holds. So a process that is killed loses nothing, and a power cut
costs at most what was written in the last second.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException

_FIRST_BYTES: Final = 64 * 1024
_SYNC_S: Final = 1.0
_COMPACT_BYTES: Final = 1024 * 1024


class Identity(Struct, frozen=True):
    """Which import a checkpoint belongs to.

    :param first_bytes: a digest of the beginning of the file.
    :param kind: what the rows become.
    :param destination: a digest of project, data source and server.
    """

    size: int
    mtime_ns: int
    first_bytes: str
    kind: str
    destination: str


class State(Struct, frozen=True):
    """How far an import has come.

    :param offset: where the next row begins; see the format's ``Place``.
    :param failed_bytes: the length of the file of failed rows.
    :param done: whether the file has been read to its end.
    """

    offset: int = 0
    rows: int = 0
    delivered: int = 0
    failed: int = 0
    failed_bytes: int = 0
    done: bool = False


def identity(path: Path, kind: str, destination: tuple[str, ...]) -> Identity:
    """Return the identity of the import of a file as it is now.

    :param destination: project, data source and server.
    :raises GrowingIOException: when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST_BYTES)
        about = path.stat()
    except OSError as error:
        raise GrowingIOException(f"{path} cannot be read: {error}; nothing was imported") from error
    where = _digest(msgspec.json.encode(destination))
    return Identity(about.st_size, about.st_mtime_ns, _digest(first), kind, where)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Checkpoint:
    """The checkpoint of one file.

    :param path: where it is kept.
    :param owner: the import that it has to belong to.
    :raises GrowingParamException: when it belongs to another import, and which part differs.
    :raises GrowingIOException: when it cannot be read or written.
    """

    def __init__(self, path: Path, owner: Identity, clock: Clock = SYSTEM_CLOCK) -> None:
        self.path = path
        self._owner = owner
        self._clock = clock
        self._synced_at = clock.monotonic()
        try:
            self.state = self._read()
            self._file = self._begin()
        except OSError as error:
            raise _unusable(path, error) from error

    def save(self, state: State) -> None:
        """Keep ``state``; the disk has it within a second, and other processes at once.

        :raises GrowingIOException: when it cannot be written.
        """
        self.state = state
        try:
            os.write(self._file, _line(state))
            if self._clock.monotonic() - self._synced_at >= _SYNC_S:
                self._sync()
        except OSError as error:
            raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Wait until the disk has the last state."""
        try:
            self._sync()
        finally:
            os.close(self._file)

    def _sync(self) -> None:
        os.fsync(self._file)
        if os.fstat(self._file).st_size > _COMPACT_BYTES:
            os.close(self._file)
            self._file = self._begin()
        self._synced_at = self._clock.monotonic()

    def _read(self) -> State:
        if not self.path.exists():
            return State()
        # What stands behind the last line's end was not written to its own end.
        head, *states = self.path.read_bytes().split(b"\n")[:-1] or [b""]
        try:
            owner = msgspec.json.decode(head, type=Identity)
            state = msgspec.json.decode(states[-1], type=State) if states else State()
        except msgspec.DecodeError as error:
            raise GrowingParamException(
                f"{self.path} is not the checkpoint of an import; remove it, or name another place"
            ) from error
        self._check(owner)
        return state

    def _check(self, owner: Identity) -> None:
        changed = [
            name for name in Identity.__struct_fields__
            if getattr(owner, name) != getattr(self._owner, name)
        ]  # fmt: skip
        if changed:
            raise GrowingParamException(
                f"{self.path} belongs to another import ({', '.join(changed)} differ); to import "
                "the file from its beginning, remove the checkpoint"
            )

    def _begin(self) -> int:
        """Write the file anew, in one step, and leave it open."""
        draft = self.path.with_name(self.path.name + ".new")
        with draft.open("wb") as file:
            file.write(_line(self._owner) + _line(self.state))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))


def _line(value: Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _unusable(path: Path, error: OSError) -> GrowingIOException:
    return GrowingIOException(
        f"the checkpoint {path} cannot be used: {error}. Without it a further run would repeat rows"
    )
