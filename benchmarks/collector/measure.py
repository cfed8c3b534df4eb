"""One collector started, loaded and looked at."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.collector.load import Client, Load
from benchmarks.environments import ROOT

BATCH = 500
MIB = 2**20


class Server:
    """A running collector."""

    def __init__(self) -> None:
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.collector.server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self._ask_health()
        self.start_s = time.perf_counter() - begin

    def _ask_health(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/healthy-check")
        assert connection.getresponse().read() == b"OK"
        connection.close()

    def rss_mib(self) -> float:
        """Return the resident memory, NaN where the system does not say it in Linux's way."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return float("nan")
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmRSS"].split()[0]) * 1024 / MIB

    def cpu_s(self) -> float:
        """Return the CPU seconds that its threads have used so far, NaN as above."""
        threads = list(Path(f"/proc/{self._process.pid}/task").glob("*/schedstat"))
        if not threads:
            return float("nan")
        return sum(int(one.read_text().split()[0]) for one in threads) / 1e9

    def stop(self) -> None:
        self._process.communicate("")


@contextmanager
def server() -> Iterator[Server]:
    running = Server()
    try:
        yield running
    finally:
        running.stop()


def speed(events: int, batch: int) -> dict[str, float]:
    """Return the events a second with one client, and the CPU of one event."""
    load = Load()
    with server() as running:
        client = Client(running.port)
        client.send(load.requests(max(batch, events // 10), batch))
        requests = load.requests(events, batch)
        cpu = running.cpu_s()
        seconds = client.send(requests)
        cpu = running.cpu_s() - cpu
        found = client.verdicts()
        client.close()
        assert set(found) == {"ok"}, found
        return {
            "start_s": running.start_s,
            "per_s": events / seconds,
            "cpu_us": cpu / events * 1e6,
        }


def memory(events: int) -> list[float]:
    """Return the resident MiB at each tenth of the events, the first after a tenth."""
    load = Load()
    tenth = events // 10
    with server() as running:
        client = Client(running.port)
        found = []
        for _ in range(10):
            client.send(load.requests(tenth, BATCH))
            found.append(running.rss_mib())
        client.close()
        return found
