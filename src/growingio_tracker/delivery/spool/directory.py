"""A spool directory: which files it has, whose they are, and which may be taken over."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from growingio_tracker.delivery.contract import Problem
from growingio_tracker.delivery.spool.claim import claim, close, is_claimed, remove_log
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_tracker.delivery.spool.rescue import rescue
from growingio_tracker.delivery.spool.store import Destination, Store, unusable
from growingio_tracker.exceptions import SpoolError

SUFFIX: Final = ".spool"
_RELAY: Final = "relay.lock"
_DASHES: Final = 2  # <destination>-<time>-<process>


def stores_in(directory: Path) -> list[Path]:
    """Return the files of all stores, oldest first."""
    found = [path for path in directory.glob(f"*{SUFFIX}") if path.stem.count("-") == _DASHES]
    return sorted(found, key=_age)


def owner_pid(path: Path) -> int:
    """Return the process that made a store."""
    return int(path.stem.rsplit("-", 1)[1])


@contextmanager
def being_relay(directory: Path) -> Generator[None, None, None]:
    """Be the relay of ``directory`` for the length of the block.

    :raises SpoolError: when another process is, or the directory cannot be used.
    """
    path = directory / _RELAY
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.touch()
        connection = claim(path)
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(f"{directory} cannot be used as a spool: {error}") from error
    if connection is None:
        raise SpoolError(f"{directory} already has a relay; one is enough")
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):  # Windows removes no open file; it is harmless
            path.unlink(missing_ok=True)
        close(connection)
        remove_log(path)


def orphans_in(directory: Path) -> Iterator[Store]:
    """Yield the stores that no process has, claimed, oldest first. Release each.

    Those that cannot be read are left out: a consumer that adopts them tells what is wrong.
    """
    for path in stores_in(directory):
        if (store := _orphan(path)) is not None:
            yield store


def destinations_in(directory: Path, *, besides: Iterable[Destination]) -> list[Destination]:
    """Return where stores that no process has belong, if not to one of ``besides``."""
    known = {_prefix(destination) for destination in besides}
    found: list[Destination] = []
    for path in stores_in(directory):
        if path.name.partition("-")[0] not in known and (store := _orphan(path)) is not None:
            found.append(store.destination())
            known.add(_prefix(found[-1]))
            store.close()
    return found


class Spool:
    """The part of a directory that has one destination.

    :param directory: it is made when it does not exist.
    :param fsync: whether a record is on the disk itself when a call returns.
    """

    def __init__(self, directory: Path, destination: Destination, *, fsync: bool = False) -> None:
        self.directory = directory
        self.destination = destination
        self.dead_letters = DeadLetters(directory)
        self.problems: deque[Problem] = deque()
        """What is wrong with files here, for others to report."""
        self._fsync = fsync
        self._told_of: set[Path] = set()
        self._prefix = _prefix(destination)

    def new_store(self) -> Store:
        """Make a store for this process.

        :raises SpoolError: when the disk cannot take it.
        """
        name = f"{self._prefix}-{time.time_ns():x}-{os.getpid()}{SUFFIX}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self.directory, error) from error
        return Store.create(self.directory / name, self.destination, fsync=self._fsync)

    def adopt_stores(self) -> Iterator[Store]:
        """Yield stores that nobody has any more, claimed, oldest first. Empty ones are removed."""
        for path in stores_in(self.directory):
            if not path.name.startswith(self._prefix):
                self._tell_of_stranger(path)
            elif (store := self._adopt(path)) is not None:
                yield store

    def has_relay(self) -> bool:
        """Return whether a relay process sends what is in this directory."""
        return is_claimed(self.directory / _RELAY)

    def rescue(self, path: Path, error: sqlite3.DatabaseError) -> Store | None:
        """Set a damaged file aside; return a new store with what could be read of it, if any."""
        store = self.new_store()
        problem = rescue(path, store, error)
        if problem is not None:
            self.problems.append(problem)
            store.found = store.look_through()
        return _unless_empty(store)

    def _adopt(self, path: Path) -> Store | None:
        try:
            store = Store.adopt(path, fsync=self._fsync)
        except sqlite3.OperationalError as error:
            # The disk, or the rights: the file itself may be well, and another try may help.
            self._tell_once(path, Problem("spool_unreadable", f"{path} cannot be opened: {error}"))
            return None
        except sqlite3.DatabaseError as error:
            return self.rescue(path, error)
        return store and _unless_empty(store)

    def _tell_of_stranger(self, path: Path) -> None:
        if path not in self._told_of and not is_claimed(path):
            detail = (
                f"{path} holds events for another project or server, and no process sends them; "
                f"`growingio spool drain {self.directory}` sends them where they belong"
            )
            self._tell_once(path, Problem("spool_of_another", detail))

    def _tell_once(self, path: Path, problem: Problem) -> None:
        if path not in self._told_of:
            self._told_of.add(path)
            self.problems.append(problem)


def _orphan(path: Path) -> Store | None:
    try:
        return Store.adopt(path, fsync=False)
    except sqlite3.Error:
        return None


def _unless_empty(store: Store) -> Store | None:
    if not store.is_empty():
        return store
    store.release()
    return None


def _prefix(destination: Destination) -> str:
    """Return what the names of its stores begin with.

    Only what goes to the same project on the same server may be taken over.
    """
    named = "\n".join((destination.product_id, destination.server_host)).encode()
    return hashlib.blake2s(named, digest_size=4).hexdigest()


def _age(path: Path) -> str:
    """Return a key that sorts by the time in a store's name."""
    return path.stem.split("-")[1].rjust(16, "0")
