"""What many threads that track at once cost each other."""

from __future__ import annotations

import threading

import pytest

from delivering.rig import HOST
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker
from growingio_tracker.testing import MemoryTransport

resource = pytest.importorskip("resource", reason="not here: no resource")

THREADS = 8
CALLS = 4_000


def test_threads_do_not_sleep_for_each_other() -> None:
    """Of 32,000 calls that eight threads make at once, not one in four puts its thread to sleep."""
    consumer = AsyncBufferedConsumer(
        *("p", "d", HOST),
        flush_after=3600,
        max_size=100_000,
        max_batch_bytes=2**26,
        transport=MemoryTransport(),
    )
    track = GrowingTracker.consumer(consumer).track_custom_event

    def many() -> None:
        for _ in range(CALLS):
            track("a", anonymous_id="a")

    threads = [threading.Thread(target=many) for _ in range(THREADS)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slept = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before
    assert consumer.stats().pending == THREADS * CALLS
    assert slept < THREADS * CALLS / 4
    consumer.close(10)
