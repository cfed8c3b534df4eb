"""What people want to know of a spool directory, and the one thing they may change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from growingio_tracker._clock import now_ms
from growingio_tracker.delivery.spool.claim import is_claimed
from growingio_tracker.delivery.spool.dead_letters import DeadLetter, DeadLetters
from growingio_tracker.delivery.spool.directory import Spool, orphans_in, owner_pid, stores_in
from growingio_tracker.delivery.spool.store import Destination, Store
from growingio_tracker.wire import Kind


class StoreReport(Struct, frozen=True):
    """One store. What a process is using, nobody else can look into.

    :param pid: the process that made it.
    :param bytes_on_disk: with its log.
    :param events: how many wait in it; ``None`` while a process has it, or if it is damaged.
    :param oldest_ms: when the oldest of them entered, in Unix milliseconds; ``None`` likewise.
    """

    path: Path
    pid: int
    in_use: bool
    bytes_on_disk: int
    events: int | None = None
    oldest_ms: int | None = None
    destination: Destination | None = None


class WaitingRecord(Struct, frozen=True):
    """One record that waits in a store that no process has."""

    at_ms: int
    kind: Kind
    destination: Destination
    record: bytes


def look_at(directory: Path) -> list[StoreReport]:
    """Return what is known of each store, oldest first."""
    readable = {store.path: _report_and_release(store) for store in orphans_in(directory)}
    return [readable.get(path) or _from_outside(path) for path in stores_in(directory)]


def waiting_in(directory: Path) -> Iterator[WaitingRecord]:
    """Yield what waits in stores that no process has, oldest store first."""
    for store in orphans_in(directory):
        try:
            destination = store.destination()
            for kind in Kind:
                with closing(store.entries(kind)) as entries:
                    for at_ms, record in entries:
                        yield WaitingRecord(at_ms, kind, destination, record)
        finally:
            store.release()


def requeue(directory: Path, letters: Iterable[DeadLetter]) -> Iterator[int]:
    """Let dead letters wait to be sent again; yield how many do, as it goes on.

    They go into stores of their own, which any process that sends adopts.

    :raises SpoolError: when the disk cannot take them; then they are dead letters still.
    """
    by_destination: defaultdict[Destination, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        by_destination[letter.destination].append(letter)
    done = 0
    for destination, chosen in by_destination.items():
        store = Spool(directory, destination).new_store()
        try:
            for place, letter in enumerate(chosen, 1):
                store.append(letter.kind, place, now_ms(), letter.record)
                yield done + place
        finally:
            store.release()
        DeadLetters(directory).remove(letter.number for letter in chosen)
        done += len(chosen)


def _report_and_release(store: Store) -> StoreReport:
    try:
        return StoreReport(
            store.path,
            owner_pid(store.path),
            False,
            _size_on_disk(store.path),
            sum(contents.events for contents in store.found.values()),
            store.oldest_of_all_ms(),
            store.destination(),
        )
    finally:
        store.release()


def _from_outside(path: Path) -> StoreReport:
    return StoreReport(path, owner_pid(path), is_claimed(path), _size_on_disk(path))


def _size_on_disk(path: Path) -> int:
    files = (path, Path(f"{path}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
