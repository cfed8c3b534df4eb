"""Store of a spool: the files that one process at a time writes and sends.

It is a control file and, for each kind of message, a journal of segments::

    3f2a9c11-18a4b2c3d4e5f607-4711.spool                        control file, and the lock on it
    3f2a9c11-18a4b2c3d4e5f607-4711-event-0000000000000001.seg   records of events, from 1 on

The name tells the destination (a hash), when the store was created, and by which process.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.descriptors import beginning_of, listing_of
from growingio_tracker.delivery.ownership import is_claimed
from growingio_tracker.delivery.spool.control import (
    MOST_HEADING_BYTES,
    About,
    Control,
    heading,
    pending_in,
    read_heading,
)
from growingio_tracker.delivery.spool.files import DISK, Files, size_of
from growingio_tracker.delivery.spool.journal import SEGMENT_BYTES, Journal
from growingio_tracker.delivery.spool.segment import NAME_END as SEGMENT_NAME_END
from growingio_wire.table import Kind

SUFFIX: Final = ".spool"
_NAME: Final = r"[0-9a-f]{8}-[0-9a-f]{1,16}-[0-9]{1,10}"
_CONTROL: Final = re.compile(f"({_NAME}){re.escape(SUFFIX)}")
_SEGMENT: Final = re.compile(f"({_NAME}){SEGMENT_NAME_END}")


class Store:
    """A store that this process owns.

    :ivar base: its path without a suffix.
    :ivar about: its description.
    :ivar journals: its records by kind.
    """

    def __init__(self, base: Path, control: Control, about: About, files: Files, size: int) -> None:
        self.base = base
        self.about = about
        self._control = control
        self._files = files
        head = heading(about)
        self.journals: Mapping[Kind, Journal] = {
            kind: Journal(base, kind, head, control, files, size) for kind in Kind
        }

    @classmethod
    def create(
        cls,
        directory: Path,
        destination: Destination,
        *,
        max_age_s: float | None = None,
        files: Files = DISK,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Store:
        """Create a store for this process, or leave nothing behind.

        :raises OSError: if the disk cannot store it.
        """
        base = directory / f"{prefix_of(destination)}-{time.time_ns():x}-{os.getpid()}"
        about = About(destination, max_age_s, made_ms(base))
        control = Control.create(control_of(base), heading(about), files)
        try:
            return cls(base, control, about, files, segment_bytes)
        except BaseException:
            control.close()
            raise

    @classmethod
    def adopt(
        cls, base: Path, *, files: Files = DISK, segment_bytes: int = SEGMENT_BYTES
    ) -> Store | None:
        """Claim an existing store; ``None`` if another process has, or if it is gone.

        If the control file is damaged, the description is taken from a segment.

        :raises OSError: if it cannot be read, or if no description is left.
        :raises NewerFormatError: if a newer release wrote it.
        """

        def is_gone() -> bool:  # or just being created
            return not any(size_of(file) for file in files_of(base))

        control = None if is_gone() else Control.adopt(control_of(base), files, is_gone)
        if control is None:
            return None
        try:
            about = control.about() or _said_by_segments(base)
            return cls(base, control, about, files, segment_bytes)
        except BaseException:
            control.close()
            raise

    def is_empty(self) -> bool:
        """Return whether no record of any kind is left without an outcome."""
        return all(journal.next_from(0) is None for journal in self.journals.values())

    def is_there(self, kind: Kind) -> bool:
        """Return whether the file that records of ``kind`` are appended to has not been removed."""
        return self.journals[kind].is_there()

    def oldest_ms(self) -> int | None:
        """Return when the oldest record entered, in Unix milliseconds; ``None`` without any."""
        heads = [journal.next_from(0) for journal in self.journals.values()]
        return min((head.at_ms for head in heads if head is not None), default=None)

    def bytes_on_disk(self) -> int:
        """Return the size of all its files."""
        segments = sum(journal.bytes_on_disk() for journal in self.journals.values())
        return segments + self._control.size

    def sync(self) -> None:
        """Wait until what was written is on the disk itself, including new files' names."""
        new_files = [journal.sync() for journal in self.journals.values()]
        if any(new_files):
            self._files.sync_directory(self.base.parent)

    def close(self) -> None:
        """Let other processes claim it."""
        for journal in self.journals.values():
            journal.close()
        self._control.close()

    def release(self) -> None:
        """Let other processes claim it; an empty one is removed."""
        try:
            if self.is_empty():
                for file in files_of(self.base):  # while it is still ours
                    self._files.remove_if_possible(file)
        except OSError:
            pass  # a process that adopts the store sends the rest
        finally:
            self.close()


def control_of(base: Path) -> Path:
    """Return the path of a store's control file."""
    return base.with_name(base.name + SUFFIX)


def made_ms(base: Path) -> int:
    """Return when a store was created, in Unix milliseconds, by its name."""
    return int(base.name.split("-")[1], 16) // 1_000_000


def owner_pid(base: Path) -> int:
    """Return the process that created a store."""
    return int(base.name.rsplit("-", 1)[1])


def prefix_of(destination: Destination) -> str:
    """Return the beginning of the names of its stores.

    Only stores for the same project on the same server may be adopted.
    """
    named = "\n".join((destination.product_id, destination.server_host)).encode()
    return hashlib.blake2s(named, digest_size=4).hexdigest()


def stores_in(directory: Path) -> list[Path]:
    """Return the bases of all stores, oldest first. Other files are ignored."""
    names: set[str] = set()
    for entry in listing_of(directory):
        found = _CONTROL.fullmatch(entry.name) or _SEGMENT.fullmatch(entry.name)
        if found and entry.is_file(follow_symlinks=False):
            names.add(found[1])
    return sorted((directory / name for name in names), key=_age)


def is_owned(base: Path) -> bool:
    """Return whether a process uses the store at ``base``, without claiming it."""
    return is_claimed(control_of(base))


def files_of(base: Path) -> list[Path]:
    """Return the files that a store may have now."""
    found = [_SEGMENT.fullmatch(one.name) for one in listing_of(base.parent)]
    own = [one[0] for one in found if one is not None and one[1] == base.name]
    return [control_of(base), *(base.with_name(name) for name in own)]


def usage_of(base: Path) -> tuple[int, int]:
    """Return how many records are queued in a store, and the size of its files."""
    return pending_in(control_of(base)), sum(map(size_of, files_of(base)))


def _said_by_segments(base: Path) -> About:
    for file in files_of(base)[1:]:
        about = read_heading(beginning_of(file, MOST_HEADING_BYTES))
        if about is not None:
            return about
    raise OSError(f"{control_of(base)} is damaged, and no longer names a destination")


def _age(base: Path) -> tuple[int, str]:
    return made_ms(base), base.name
