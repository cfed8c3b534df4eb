"""The stores that this process has, and their lanes."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping
from typing import Final

from growingio_tracker.delivery.contract import BatchLimits, LaneKey
from growingio_tracker.delivery.lane import Lane
from growingio_tracker.delivery.spool.disk_lane import DiskLane
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.wire import Kind


class Holdings:
    """Stores by number. Called with the queue's lock held.

    :param lanes: the queue's lanes, kept up to date.
    """

    def __init__(self, lanes: dict[LaneKey, Lane], batches: Mapping[Kind, BatchLimits]) -> None:
        self._stores: dict[int, Store] = {}
        self._queue_lanes = lanes
        self._disk_lanes: dict[LaneKey, DiskLane] = {}
        self._batches: Final = batches
        self._numbers = itertools.count(1)

    def add(self, store: Store, *, grows: bool = True) -> int:
        """Take a claimed store in, which ``grows`` if it may become our own; return its number."""
        number = next(self._numbers)
        lanes = {
            (number, kind): DiskLane(kind, self._batches[kind], store, grows=grows) for kind in Kind
        }
        self._stores[number] = store
        self._disk_lanes.update(lanes)
        self._queue_lanes.update(lanes)
        return number

    def lane(self, number: int, kind: Kind) -> DiskLane:
        """Return a lane of a store."""
        return self._disk_lanes[number, kind]

    def lanes(self, number: int) -> list[DiskLane]:
        """Return the lanes of a store."""
        return [self._disk_lanes[number, kind] for kind in Kind]

    def waiting(self, number: int) -> tuple[int, int]:
        """Return how many records and bytes of a store wait."""
        lanes = self.lanes(number)
        return sum(map(len, lanes)), sum(lane.size for lane in lanes)

    def recount(self, number: int) -> tuple[int, int]:
        """Count what waits in a store again; return how many records and bytes are pending in all.

        :raises sqlite3.Error: when they cannot be read.
        """
        for lane in self.lanes(number):
            lane.recount()
        pending = [lane.pending() for lane in self._disk_lanes.values()]
        return sum(events for events, _ in pending), sum(size for _, size in pending)

    def flying(self) -> set[int]:
        """Return the stores of which something is in flight."""
        return {number for (number, _), lane in self._disk_lanes.items() if lane.in_flight}

    def expire(self, before_ms: int) -> tuple[int, int]:
        """Drop what entered before then; return how many records and bytes that cost."""
        dropped = [lane.expire(before_ms) for lane in self._disk_lanes.values()]
        return sum(events for events, _ in dropped), sum(size for _, size in dropped)

    def remove_settled(self) -> None:
        """See :meth:`DiskLane.remove_settled`."""
        for lane in self._disk_lanes.values():
            lane.remove_settled()

    def tidy(self) -> None:
        """See :meth:`Store.tidy`."""
        for store in self._stores.values():
            store.tidy()

    def finished(self, own: int) -> list[Store]:
        """Let go of the stores but our ``own`` that have nothing to do any more; return them."""
        done = [
            number
            for number in self._stores
            if number != own and all(lane.is_done() for lane in self.lanes(number))
        ]
        return [self.remove(number) for number in done]

    def numbers(self) -> set[int]:
        """Return the numbers of all stores."""
        return set(self._stores)

    def damaged(self) -> dict[int, sqlite3.DatabaseError]:
        """Return the stores that cannot be read, and nothing of which is in flight."""
        found: dict[int, sqlite3.DatabaseError] = {}
        for number in self.numbers() - self.flying():
            try:
                self._stores[number].look_through()
            except sqlite3.OperationalError:
                continue  # the disk does not answer; the file may be well
            except sqlite3.DatabaseError as error:
                found[number] = error
        return found

    def remove(self, number: int) -> Store:
        """Let go of a store without closing it."""
        for kind in Kind:
            del self._queue_lanes[number, kind], self._disk_lanes[number, kind]
        return self._stores.pop(number)
