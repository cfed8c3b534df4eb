"""A guard against slowing down that no busy machine disturbs: it counts instead of timing.

A call's bytecode instructions and the memory blocks of a waiting event are the same on every run
of one Python version with one core. ``python -m benchmarks.guard --update`` keeps what it counts
as the new norm.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.clients import ATTRIBUTES, HOUR_S, NAME, USER
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker
from growingio_tracker.core import IS_COMPILED
from growingio_tracker.testing import MemoryTransport

NORM = Path(__file__).with_name("guard.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}{'' if IS_COMPILED else ', pure core'}"
CALLS = 200
WAITING = 5_000
TOLERANCE = 1.1


def count() -> dict[str, float]:
    """Return the instructions of a call and the blocks of a waiting event."""
    return {"instructions": instructions(), "blocks": round(blocks(), 1)}


def instructions() -> float:
    """Return how many bytecode instructions the fewest of many calls executed."""
    with tracking() as track:
        return fewest_instructions(track)


def fewest_instructions(call: Callable[[], object]) -> int:
    """Return how many bytecode instructions the fewest of many runs of ``call`` executed."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal seen
        frame.f_trace_opcodes = True
        seen += event == "opcode"
        return trace

    call()
    counts, before = [], sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # without this, 3.12 reports no instruction at all
    for _ in range(CALLS):
        seen = 0
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
        counts.append(seen)
    return min(counts)


def blocks() -> float:
    """Return how many blocks of memory one waiting event keeps."""
    with tracking() as track:
        track()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(WAITING):
            track()
        gc.collect()
        return (sys.getallocatedblocks() - before) / WAITING


@contextmanager
def tracking() -> Iterator[Callable[[], object]]:
    """Give a call whose events wait until the end of the block."""
    with GrowingTracker.consumer(
        AsyncBufferedConsumer(
            *("p", "d", "http://x.example"),
            flush_after=HOUR_S,
            max_size=2 * WAITING,
            transport=MemoryTransport(),
        )
    ) as tracker:
        yield lambda: tracker.track_custom_event(NAME, login_user_id=USER, attributes=ATTRIBUTES)


def norms() -> dict[str, dict[str, float]]:
    """Return what is kept, by Python version and core."""
    kept: dict[str, dict[str, float]] = json.loads(NORM.read_text("utf-8")) if NORM.exists() else {}
    return kept


def check() -> bool:
    """Print what is counted beside the norm; return whether instructions are within it."""
    counted, norm = count(), norms().get(VERSION)
    for name, value in counted.items():
        beside = f"{value / norm[name] - 1:+.1%} to the norm" if norm else "no norm is kept"
        print(f"guard, CPython {VERSION}, {name}: {value:g}, {beside}")
    return norm is None or counted["instructions"] <= norm["instructions"] * TOLERANCE


def update() -> None:
    """Keep what is counted as the norm of this Python version and core."""
    kept = norms() | {VERSION: count()}
    NORM.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--update" in sys.argv[1:]:
        update()
    sys.exit(not check())
