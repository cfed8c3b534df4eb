"""Inspection of a spool directory, and the requeueing of dead letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.spool import Spool, orphans_in, unusable
from growingio_tracker.delivery.spool.dead_letters import DeadLetter, DeadLetters
from growingio_tracker.delivery.spool.store import (
    Store,
    control_of,
    is_owned,
    owner_pid,
    stores_in,
    usage_of,
)
from growingio_wire.clock import now_ms
from growingio_wire.table import Kind


class StoreReport(Struct, frozen=True):
    """One store. A store that a process uses is looked at from outside only.

    :param path: its control file.
    :param pid: the process that created it.
    :param bytes_on_disk: of all its files.
    :param events: how many are queued in it, by its control file while a process uses it;
        ``None`` if it cannot be read.
    :param oldest_ms: when the oldest of them entered, in Unix milliseconds; ``None`` while a
        process uses the store, or if it is empty.
    """

    path: Path
    pid: int
    in_use: bool
    bytes_on_disk: int
    events: int | None
    oldest_ms: int | None = None
    destination: Destination | None = None


class WaitingRecord(Struct, frozen=True):
    """One record that is queued in a store that no process uses."""

    at_ms: int
    kind: Kind
    destination: Destination
    record: bytes


def look_at(directory: Path) -> list[StoreReport]:
    """Return a report of each store, oldest first."""
    readable = {store.base: _report_and_release(store) for store in orphans_in(directory)}
    return [readable.get(base) or _from_outside(base) for base in stores_in(directory)]


def waiting_in(directory: Path) -> Iterator[WaitingRecord]:
    """Yield the queued records of stores that no process uses, oldest store first."""
    for store in orphans_in(directory):
        try:
            for kind, journal in store.journals.items():
                for entry in journal.waiting_from(0):
                    yield WaitingRecord(entry.at_ms, kind, store.about.destination, entry.record)
        finally:
            store.release()


def requeue(directory: Path, letters: Iterable[DeadLetter]) -> Iterator[int]:
    """Queue dead letters again; yield how many have been queued so far.

    They are put into new stores, which any process that sends adopts.

    :raises SpoolError: if the disk cannot store them; they are still dead letters then.
    """
    by_destination: defaultdict[Destination, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        by_destination[letter.destination].append(letter)
    done = 0
    for destination, chosen in by_destination.items():
        store = Spool(directory, destination).new_store()
        try:
            for count, letter in enumerate(chosen, 1):
                store.journals[letter.kind].append(now_ms(), letter.record)
                yield done + count
        except OSError as error:
            raise unusable(directory, error) from error
        finally:
            store.release()
        DeadLetters(directory).remove(letter.number for letter in chosen)
        done += len(chosen)


def _report_and_release(store: Store) -> StoreReport:
    try:
        counts = [journal.contents()[0] for journal in store.journals.values()]
        return StoreReport(
            control_of(store.base),
            owner_pid(store.base),
            False,
            store.bytes_on_disk(),
            sum(count.events for count in counts),
            store.oldest_ms(),
            store.about.destination,
        )
    finally:
        store.release()


def _from_outside(base: Path) -> StoreReport:
    (events, size), in_use = usage_of(base), is_owned(base)
    readable = events if in_use else None
    return StoreReport(control_of(base), owner_pid(base), in_use, size, readable)
