"""Control file of a store: its destination, and how far records were entered and settled.

One page, written in full when the store is created: a full disk stops no outcome::

    0       magic, format version, length and CRC-32 of what follows, then a JSON object:
            the destination, and when the store was created
    2048    for each kind of message 64 bytes: two slots "entered", two slots "settled"
    2560    for each kind of message 512 bytes: the ranges that are settled after "settled"

A slot is a number and its complement. The two of a pair are written alternately, so one is intact
whenever the process dies. The page is mapped into memory: writing a slot takes no system call, and
survives the process. The lock that tells who owns the store is on this file, too.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.descriptors import beginning_of
from growingio_tracker.delivery.ownership import Claim, claim
from growingio_tracker.delivery.spool.files import DiskError, Files
from growingio_tracker.delivery.spool.settled import (
    COPIES_BYTES,
    Range,
    SettledNumbers,
    read_ranges,
    write_ranges,
)
from growingio_wire.said import Said
from growingio_wire.table import Kind

MAGIC: Final = b"GIOSPOOL"
VERSION: Final = 1
_HEAD: Final = struct.Struct("<8sIII")
MOST_HEADING_BYTES: Final = 2048
_SLOTS_AT: Final = MOST_HEADING_BYTES
_PER_KIND: Final = 64
_RANGES_AT: Final = 2560
_PAGE: Final = 4096
_SLOT: Final = struct.Struct("<QQ")
_PEEKED_AT_S: Final = 5.0
_TOO_LONG: Final = Said("the destination is too long for a spool", "目标过长，无法存入 spool")
_ONES: Final = 2**64 - 1

KIND_CODES: Final = {kind: code for code, kind in enumerate(Kind)}


class NewerFormatError(Exception):
    """The file was written by a newer release. It is left alone."""


class About(Struct, frozen=True):
    """Description of a store, at the beginning of its control file and of every segment.

    :param max_age_s: seconds after which its owner drops a record; ``None`` keeps it.
    :param made_ms: when it was created, in Unix milliseconds.
    """

    destination: Destination
    max_age_s: float | None
    made_ms: int


_decode_about = msgspec.json.Decoder(About).decode


def heading(about: About) -> bytes:
    """Return the heading of a store's control file and segments."""
    text = msgspec.json.encode(about)
    return _HEAD.pack(MAGIC, VERSION, len(text), crc32(text)) + text


def read_heading(data: bytes) -> About | None:
    """Return the description in a file's heading; ``None`` if it is damaged.

    :raises NewerFormatError: if a newer release wrote it.
    """
    if (found := _heading_in(data)) is None:
        return None
    version, text = found
    if version > VERSION:
        raise NewerFormatError(f"its format is {version}, and this release knows {VERSION}")
    with contextlib.suppress(msgspec.DecodeError):
        return _decode_about(text)
    return None


def heading_size(path: Path) -> int | None:
    """Return the size of a file's heading; ``None`` if it is damaged or cannot be read.

    Another release, or another process, may have written a longer or a shorter one.
    """
    try:
        found = _heading_in(beginning_of(path, MOST_HEADING_BYTES))
    except OSError:
        return None
    return None if found is None else _HEAD.size + len(found[1])


def _heading_in(data: bytes) -> tuple[int, bytes] | None:
    """Return the version and the text of an intact heading."""
    if len(data) < _HEAD.size:
        return None
    magic, version, length, checksum = _HEAD.unpack_from(data)
    text = data[_HEAD.size : _HEAD.size + length]
    return (version, text) if magic == MAGIC and crc32(text) == checksum else None


class Control:
    """The control file of a store that this process owns.

    :param owned: the claim on it.
    :ivar number: a file descriptor to map it by, which is not the one that owns it.
    :ivar size: its size, which does not change.
    """

    def __init__(self, path: Path, owned: Claim, files: Files) -> None:
        self.path = path
        self._owned = owned
        files.open(path, owned.numbers)
        self.number = owned.numbers[-1]
        self.size = os.fstat(self.number).st_size
        self._page = mmap.mmap(self.number, _PAGE)

    @classmethod
    def create(cls, path: Path, head: bytes, files: Files) -> Control:
        """Create and claim a new one, or leave nothing behind.

        :raises OSError: if the disk cannot store it.
        """
        files.make_directory(path.parent)
        # A process that looks for stores to adopt may see it before, and claim it for a moment.
        owned = claim(path, patience_s=_PEEKED_AT_S)
        if owned is None:
            raise DiskError(
                Said(f"{path} is in use, though it is new", f"{path} 是新文件，却已被占用")
            )
        try:
            _fill(owned.number, head, files)
            return cls(path, owned, files)
        except BaseException:
            files.remove_if_possible(path)
            owned.release()
            raise

    @classmethod
    def adopt(cls, path: Path, files: Files, is_gone: Callable[[], bool]) -> Control | None:
        """Claim an existing one; ``None`` if another process has. A truncated one is extended.

        :param is_gone: returns whether there is no such store. It is called after claiming, which
            creates a file that its owner has just removed.
        :raises OSError: if it cannot be read.
        """
        owned = claim(path)
        if owned is None:
            return None
        try:
            if is_gone():
                files.remove_if_possible(path)
                owned.release()
                return None
            if os.fstat(owned.number).st_size < _PAGE:
                files.truncate(owned.number, _PAGE)
            return cls(path, owned, files)
        except BaseException:
            owned.release()
            raise

    def about(self) -> About | None:
        """Return the store's description; ``None`` if it is damaged.

        :raises NewerFormatError: if a newer release wrote it.
        """
        return read_heading(self._page[:_SLOTS_AT])

    @staticmethod
    def entered_at(kind: Kind) -> int:
        """Return where in the file the number of the next record is noted."""
        return _slots_of(kind)

    def entered(self, kind: Kind) -> int:
        """Return the number of the next record, as far as it is known."""
        return _newer(self._page, _slots_of(kind))

    def settled(self, kind: Kind) -> int:
        """Return the number before which every record has an outcome, as far as it is known."""
        return _newer(self._page, _slots_of(kind) + 2 * _SLOT.size)

    def note_entered(self, kind: Kind, seq: int) -> None:
        """Note the number of the next record."""
        self._write(_slots_of(kind) + (seq & 1) * _SLOT.size, seq)

    def note_settled(self, kind: Kind, seq: int) -> None:
        """Note that every record before ``seq`` has an outcome."""
        at = _slots_of(kind) + 2 * _SLOT.size
        is_older = _slot(self._page, at) <= _slot(self._page, at + _SLOT.size)
        older = 0 if is_older else _SLOT.size
        self._write(at + older, seq)

    def ranges(self, kind: Kind) -> list[Range]:
        """Return the ranges of records after :meth:`settled` that have an outcome, as noted."""
        return _ranges_in(self._page, kind)

    def note_ranges(self, kind: Kind, ranges: Sequence[Range]) -> None:
        """Note that the records of these ranges have an outcome, though older ones have none."""
        if not self._page.closed:  # by a signal handler during a call
            write_ranges(self._page, _ranges_of(kind), ranges)

    def close(self) -> None:
        """Let other processes claim the store."""
        with contextlib.suppress(BufferError, ValueError):
            self._page.close()
        self._owned.release()

    def _write(self, at: int, seq: int) -> None:
        if not self._page.closed:  # by a signal handler during a call
            _SLOT.pack_into(self._page, at, seq, seq ^ _ONES)


def pending_in(path: Path) -> int:
    """Return how many records are queued in a store by its control file; 0 if it is gone.

    The store is not claimed for this, so the number may change at any time.
    """
    try:
        page = beginning_of(path, _PAGE).ljust(_PAGE, b"\0")
    except OSError:
        return 0
    return sum(_pending_in(page, kind) for kind in Kind)


def _pending_in(page: bytes, kind: Kind) -> int:
    at = _slots_of(kind)
    done = SettledNumbers(max(1, _newer(page, at + 2 * _SLOT.size)), _ranges_in(page, kind))
    return done.unsettled(0, _newer(page, at))


def _newer(page: bytes | mmap.mmap, at: int) -> int:
    return max(_slot(page, at), _slot(page, at + _SLOT.size))


def _slot(page: bytes | mmap.mmap, at: int) -> int:
    number, complement = _SLOT.unpack_from(page, at)
    return int(number) if number ^ complement == _ONES else 0


def _slots_of(kind: Kind) -> int:
    return _SLOTS_AT + KIND_CODES[kind] * _PER_KIND


def _ranges_in(page: bytes | mmap.mmap, kind: Kind) -> list[Range]:
    """Return the noted ranges, as far as they are of records that entered."""
    entered = _newer(page, _slots_of(kind))
    noted = read_ranges(page, _ranges_of(kind))
    return [(first, min(end, entered)) for first, end in noted if first < entered]


def _ranges_of(kind: Kind) -> int:
    return _RANGES_AT + KIND_CODES[kind] * COPIES_BYTES


def _fill(number: int, head: bytes, files: Files) -> None:
    if len(head) > _SLOTS_AT:
        raise DiskError(_TOO_LONG, errno.ENAMETOOLONG)
    files.write_whole(number, head.ljust(_PAGE, b"\0"))
