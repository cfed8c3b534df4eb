"""Dead letters: records that the server rejected for good, kept for inspection.

They are in segments of their own in the spool's directory, in the same format as records. Any
number of processes may add, read and remove them at the same time; writing takes a lock.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from growingio_tracker.core import packed
from growingio_tracker.delivery import Batch, Destination, Rejected
from growingio_tracker.delivery.descriptors import content_of
from growingio_tracker.delivery.ownership import Claim, claim
from growingio_tracker.delivery.spool.files import DISK, Files, size_of
from growingio_tracker.delivery.spool.segment import Entry, Segment, entries_in
from growingio_wire.errors import SpoolError, said_of, with_response
from growingio_wire.said import Said
from growingio_wire.table import Kind

NAME: Final = "dead-letters"
MAX_DEAD_LETTERS: Final = 100_000
"""Maximum number; the oldest are removed beyond that."""
MAX_BYTES: Final = 256 * 1024 * 1024
"""Maximum size on disk, unless a queue's ``max_bytes`` is smaller."""
MAX_AGE_S: Final = 30 * 24 * 3600.0
"""Older ones are removed."""

_CODE: Final = 0xFF  # not the code of any kind of message
_BUSY_S: Final = 5.0


class DeadLetter(msgspec.Struct, frozen=True):
    """One rejected record.

    :param number: identifies it in the directory.
    :param at_ms: when it was rejected, in Unix milliseconds.
    :param reason: a fixed identifier, for example ``status_400``.
    :param detail: the error, with the server's response.
    """

    number: int
    at_ms: int
    kind: Kind
    reason: str
    detail: Said
    destination: Destination
    record: bytes


class _Stored(msgspec.Struct, array_like=True):
    kind: Kind
    reason: str
    detail: Said
    destination: Destination
    record: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class DeadLetters:
    """The dead letters of a spool directory.

    :param directory: the spool's.
    :param max_bytes: maximum size on disk; the oldest segments are removed beyond that.
    """

    def __init__(self, directory: Path, *, max_bytes: int = MAX_BYTES, files: Files = DISK) -> None:
        self._base = directory / NAME
        self._lock = directory / f"{NAME}.lock"
        self._max_bytes = min(max_bytes, MAX_BYTES)
        # Whole segments are removed, so one must not hold most of the dead letters.
        self._segment_bytes = min(1024 * 1024, max(1, self._max_bytes // 8))
        self._files = files

    @property
    def directory(self) -> Path:
        """The spool's directory."""
        return self._base.parent

    def keep_rejected(
        self, batch: Batch, outcome: Rejected, destination: Destination, now_ms: int
    ) -> int:
        """Keep the records of a rejected batch; return how many older letters were removed.

        :raises SpoolError: if the disk cannot store them; none is kept then.
        """
        said = with_response(outcome.error)
        letters = [
            _encode(_Stored(batch.kind, outcome.reason, said, destination, record))
            for record in batch.records
        ]
        with self._writing() as owned:
            newest = self._add(letters, now_ms)
            with contextlib.suppress(OSError):  # then the number comes from the newest segment
                os.ftruncate(owned.number, 0)
                os.write(owned.number, b"%d" % newest)
            return self._remove_oldest(newest, now_ms)

    def __iter__(self) -> Iterator[DeadLetter]:
        """Yield all of them, oldest first. A damaged one is left out.

        :raises SpoolError: if a file cannot be read.
        """
        for _, path in self._segments():
            for number, at_ms, content in self._read(path):
                stored = _decode(content)
                yield DeadLetter(number, at_ms, *msgspec.structs.astuple(stored))

    def __len__(self) -> int:
        """Return how many there are.

        :raises SpoolError: if a file cannot be read.
        """
        return sum(len(self._read(path)) for _, path in self._segments())

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove the letters with these numbers.

        :raises SpoolError: if they cannot be removed; they are still there then.
        """
        gone = set(numbers)
        with self._writing():
            for _, path in self._segments():
                entries = self._read(path)
                kept = [entry for entry in entries if entry.seq not in gone]
                if len(kept) < len(entries):
                    self._write_again(path, kept)

    def _segments(self) -> list[tuple[int, Path]]:
        return Segment.paths_in(self._base, "letter")

    def _read(self, path: Path) -> list[Entry]:
        try:
            return entries_in(content_of(path), _CODE)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error

    def _add(self, letters: list[bytes], now_ms: int) -> int:
        """Add letters; return the number of the last."""
        segments = self._segments()
        number = self._next_number(segments)
        data = b"".join(
            packed(_CODE, number + index, now_ms, letter) for index, letter in enumerate(letters)
        )
        if segments and size_of(segments[-1][1]) < self._segment_bytes:
            self._append(segments[-1][1], data)
        else:
            self._create(Segment.path_of(self._base, "letter", number), data)
        return number + len(letters) - 1

    def _next_number(self, segments: list[tuple[int, Path]]) -> int:
        """Return a number that no letter has had: the lock's own file counts them."""
        try:
            counted = int(content_of(self._lock) or b"0")
        except (OSError, ValueError):
            counted = 0
        if not segments:
            return counted + 1
        first, newest = segments[-1]
        entries = self._read(newest)
        return max(counted, first, entries[-1].seq if entries else 0) + 1

    def _append(self, path: Path, data: bytes) -> None:
        size = size_of(path)
        numbers: list[int] = []
        try:
            self._files.open(path, numbers)
            self._files.write_whole(numbers[0], data)
        except BaseException:
            if numbers:
                self._files.truncate(numbers[0], size)
            raise
        finally:
            if numbers:
                os.close(numbers[0])

    def _create(self, path: Path, data: bytes) -> None:
        numbers: list[int] = []
        try:
            self._files.create(path, numbers)
            self._files.write_whole(numbers[0], data)
        except BaseException:
            if numbers:
                self._files.remove_if_possible(path)
            raise
        finally:
            if numbers:
                os.close(numbers[0])

    def _write_again(self, path: Path, kept: list[Entry]) -> None:
        if not kept:
            self._files.remove(path)
            return
        new = path.with_suffix(".new")
        self._files.remove(new)
        self._create(new, b"".join(packed(_CODE, *entry) for entry in kept))
        self._files.replace(new, path)

    def _remove_oldest(self, newest: int, now_ms: int) -> int:
        """Remove what is beyond the bounds; return how many letters that were."""
        segments = self._segments()
        gone = 0
        while len(segments) > 1 and self._is_beyond(segments, now_ms):
            _, path = segments.pop(0)
            gone += len(self._read(path))
            self._files.remove(path)
        # Reading them all to count them is worth it only when there may be too many.
        if newest - segments[0][0] >= MAX_DEAD_LETTERS:
            gone += self._trim(max(0, len(self) - MAX_DEAD_LETTERS))
        return gone

    def _is_beyond(self, segments: list[tuple[int, Path]], now_ms: int) -> bool:
        """Return whether the oldest segment is beyond the bounds of size or age."""
        if sum(size_of(path) for _, path in segments) > self._max_bytes:
            return True
        entries = self._read(segments[0][1])
        return not entries or entries[-1].at_ms < now_ms - MAX_AGE_S * 1000

    def _trim(self, excess: int) -> int:
        """Remove up to ``excess`` of the oldest letters; return how many."""
        left = excess
        for _, path in self._segments():
            if not left:
                break
            entries = self._read(path)
            self._write_again(path, entries[left:])
            left -= min(left, len(entries))
        return excess - left

    @contextmanager
    def _writing(self) -> Generator[Claim, None, None]:
        try:
            self._files.make_directory(self.directory)
            owned = claim(self._lock, patience_s=_BUSY_S)
            if owned is None:
                raise SpoolError(
                    Said(
                        f"another process keeps the dead letters in {self.directory}",
                        f"另一个进程正在占用 {self.directory} 中的死信",
                    )
                )
            try:
                yield owned
            finally:
                owned.release()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> SpoolError:
        return SpoolError(
            Said(
                f"the dead letters in {self.directory} cannot be used: {error}",
                f"{self.directory} 中的死信无法使用：{said_of(error).zh}",
            )
        )
