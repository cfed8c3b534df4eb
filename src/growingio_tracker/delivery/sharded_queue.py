"""The waiting room in memory for several threads that send at once."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import msgspec

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import BatchLimits, QueueLimits
from growingio_tracker.delivery.lane_queue import LaneQueue
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.memory_lane import MemoryLane
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.wire import Kind, camel


class _Owner(msgspec.Struct, rename=camel):
    """What of a record decides which others it may not overtake."""

    user_id: str | None = None
    device_id: str | None = None
    id: str | None = None


_read_owner = msgspec.json.Decoder(_Owner).decode


class ShardedQueue(LaneQueue):
    """Keeps the contract of :class:`~growingio_tracker.delivery.contract.Queue` in memory.

    Each kind has ``shards`` lanes, each of which has one batch on its way at a time. All events of
    a user go through one lane, and all states of an item, so that these keep their order; those
    of different users may overtake each other. A user is a login user id; where an event has none,
    its anonymous id.
    """

    def __init__(
        self,
        limits: QueueLimits,
        batches: Mapping[Kind, BatchLimits],
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
        *,
        shards: int,
    ) -> None:
        super().__init__(limits, ledger, reporter, clock)
        self._shards = shards
        self._by_shard = {
            (shard, kind): MemoryLane(kind, batches[kind])
            for shard in range(shards)
            for kind in Kind
        }
        self._lanes.update(self._by_shard)

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        size, lane = len(record), self._by_shard[self._shard(record), kind]
        with self._lock:
            if self._has_room(size):
                self._ledger.count_accepted(size)
                place = lane.append(record)
                if lane.has_news(size):
                    self._announce(lane)
                return Receipt(self, lane, place)
        return self._offer_when_full(kind, record, size)

    def _shard(self, record: bytes) -> int:
        owner = _read_owner(record)
        name = owner.user_id or owner.device_id or owner.id or ""
        return zlib.crc32(name.encode()) % self._shards
