"""MiB by which a process grows while events come to wait in it."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from benchmarks.probes.support import Task, run


def probe(task: Task) -> dict[str, float]:
    client = task.make()
    client.track()
    gc.collect()
    before = resident_mib()
    for _ in range(task.events):
        client.track()
    return {"mib": resident_mib() - before}


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    run(probe)
