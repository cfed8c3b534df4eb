"""Spool: the waiting room's storage on disk, in a directory shared by processes.

It has stores, their owners, and abandoned stores that may be adopted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.ownership import claim, is_claimed
from growingio_tracker.delivery.spool.control import NewerFormatError
from growingio_tracker.delivery.spool.dead_letters import MAX_BYTES, DeadLetters
from growingio_tracker.delivery.spool.files import DISK, Files
from growingio_tracker.delivery.spool.journal import SEGMENT_BYTES
from growingio_tracker.delivery.spool.store import (
    Store,
    is_owned,
    prefix_of,
    stores_in,
    usage_of,
)
from growingio_tracker.model.losses import Problem
from growingio_wire.errors import SpoolError, said_of
from growingio_wire.said import Said

_RELAY: Final = "relay.lock"
_LEAST_SEGMENT_BYTES: Final = 64 * 1024
_SEGMENTS: Final = 16
_NEWER: Final = Said(
    "{base} was made by a newer release and is left alone: {why}",
    "{base} 由更新的版本生成，保持原样：{why}",
)
_UNREADABLE: Final = Said("{base} cannot be opened: {why}", "无法打开 {base}：{why}")
_OF_ANOTHER: Final = Said(
    "{base} holds events for another project or server, and no process sends them; "
    "`growingio spool drain {directory}` sends them where they belong",
    "{base} 中是属于其他项目或采集服务的事件，没有进程在发送；"
    "`growingio spool drain {directory}` 可以把它们发往原来的目的地",
)
"""Minimum number of segments of a bounded spool, because space is freed by the segment."""


@contextmanager
def being_relay(directory: Path) -> Generator[None, None, None]:
    """Be the relay of ``directory`` inside the block.

    :raises SpoolError: if another process is, or the directory cannot be used.
    """
    path = directory / _RELAY
    try:
        DISK.make_directory(directory)
        owned = claim(path)
    except OSError as error:
        raise SpoolError(
            Said(
                f"{directory} cannot be used as a spool: {error}",
                f"{directory} 无法用作 spool：{said_of(error).zh}",
            )
        ) from error
    if owned is None:
        raise SpoolError(
            Said(
                f"{directory} already has a relay; one is enough",
                f"{directory} 已有 relay 在运行；只需一个",
            )
        )
    try:
        yield
    finally:
        DISK.remove_if_possible(path)
        owned.release()


def orphans_in(directory: Path) -> Iterator[Store]:
    """Yield the stores that no process uses, claimed, oldest first. Release each.

    Those that cannot be read are left out: a consumer that adopts them reports what is wrong.
    """
    for base in stores_in(directory):
        if (store := _orphan(base)) is not None:
            yield store


def destinations_in(directory: Path, *, besides: Iterable[Destination]) -> list[Destination]:
    """Return the destinations of stores that no process uses, except those in ``besides``."""
    known = {prefix_of(destination) for destination in besides}
    found: list[Destination] = []
    for base in stores_in(directory):
        if base.name.partition("-")[0] not in known and (store := _orphan(base)) is not None:
            found.append(store.about.destination)
            known.add(prefix_of(found[-1]))
            store.close()
    return found


class Spool:
    """The stores of one destination in a directory.

    :param directory: created if it does not exist.
    :param fsync: whether a record is on the disk itself when a call returns.
    :param max_bytes: maximum size of all stores in the directory; ``None`` is no limit.
    :param max_age_s: records queued longer are dropped; ``None`` keeps them.
    """

    def __init__(
        self,
        directory: Path,
        destination: Destination,
        *,
        fsync: bool = False,
        max_bytes: int | None = None,
        max_age_s: float | None = None,
        files: Files = DISK,
    ) -> None:
        self.directory = directory
        self.destination = destination
        self.fsync = fsync
        self.max_age_s = max_age_s
        self.dead_letters = DeadLetters(directory, max_bytes=max_bytes or MAX_BYTES, files=files)
        self.problems: deque[Problem] = deque()
        """Problems of files in this directory, for others to report."""
        self._files = files
        self._relay = directory / _RELAY  # of its own, because each batch asks for it
        share = SEGMENT_BYTES if max_bytes is None else max_bytes // _SEGMENTS
        self._segment_bytes = min(SEGMENT_BYTES, max(_LEAST_SEGMENT_BYTES, share))
        self._told_of: set[Path] = set()
        self._prefix = prefix_of(destination)

    def new_store(self) -> Store:
        """Create a store for this process.

        :raises SpoolError: if the disk cannot store it; nothing is left behind then.
        """
        try:
            return Store.create(
                self.directory,
                self.destination,
                max_age_s=self.max_age_s,
                files=self._files,
                segment_bytes=self._segment_bytes,
            )
        except OSError as error:
            raise unusable(self.directory, error) from error

    def adopt_stores(self) -> Iterator[Store]:
        """Yield abandoned stores, claimed, oldest first. Empty ones are removed."""
        for base in stores_in(self.directory):
            if not base.name.startswith(self._prefix):
                self._tell_of_stranger(base)
            elif (store := self._adopt(base)) is not None:
                yield store

    def has_relay(self) -> bool:
        """Return whether a relay process sends what is in this directory."""
        return is_claimed(self._relay)

    def used_by_others(self, own: Iterable[Path]) -> tuple[int, int]:
        """Return how many records and bytes are in all stores except ``own``."""
        known = set(own)
        used = [usage_of(base) for base in stores_in(self.directory) if base not in known]
        return sum(events for events, _ in used), sum(size for _, size in used)

    def _adopt(self, base: Path) -> Store | None:
        try:
            store = Store.adopt(base, files=self._files, segment_bytes=self._segment_bytes)
        except NewerFormatError as error:
            self._tell_once(
                base, Problem.of("spool_newer", _NEWER.with_values(base=base, why=error))
            )
            return None
        except OSError as error:
            said = _UNREADABLE.with_values(base=base, why=said_of(error))
            self._tell_once(base, Problem.of("spool_unreadable", said))
            return None
        return store and _unless_empty(store)

    def _tell_of_stranger(self, base: Path) -> None:
        if base not in self._told_of and not is_owned(base):
            said = _OF_ANOTHER.with_values(base=base, directory=self.directory)
            self._tell_once(base, Problem.of("spool_of_another", said))

    def _tell_once(self, base: Path, problem: Problem) -> None:
        if base not in self._told_of:
            self._told_of.add(base)
            self.problems.append(problem)


def unusable(path: Path, error: Exception) -> SpoolError:
    """Return the error of a call whose event did not reach the disk."""
    return SpoolError(
        Said(
            f"{path} cannot take the event: {error}. It was not queued; the events already there "
            "are safe. Trying again helps once the disk has room and can be written to",
            f"{path} 无法保存该事件：{said_of(error).zh}。该事件未进入队列；"
            "已在其中的事件不受影响。磁盘有空间并且可写后，重试即可",
        )
    )


def _orphan(base: Path) -> Store | None:
    try:
        return Store.adopt(base)
    except (OSError, NewerFormatError):
        return None


def _unless_empty(store: Store) -> Store | None:
    try:
        if not store.is_empty():
            return store
    except OSError:
        store.close()
        raise
    store.release()
    return None
