"""The relays of a run, from the first to the last of their successors."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import urllib3

from brokers import quick_group
from chaos.member import ChaosError, wait_for

_START_S: Final = 60.0
_END_S: Final = 60.0
_SUPPORT: Final = Path(__file__).parents[1]


class Relay:
    """One ``growingio relay`` as a process.

    :param name: the first part of the path to which it sends, by which the server knows it.
    """

    def __init__(self, name: str, source: str, group: str, url: str, directory: Path) -> None:
        self.name = name
        self.report = directory / f"{name}.out"
        self._errors = directory / f"{name}.err"
        command = [
            *(sys.executable, "-m", "chaos_kafka.relay_process"),
            *("relay", source, "--group", group),
            *("--server-host", f"{url}/{name}", "--health", "127.0.0.1:0"),
        ]
        environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        with self.report.open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                env={**environment, **quick_group(), "PYTHONPATH": str(_SUPPORT)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )

    def check(self) -> None:
        """Raise if the process ended by itself."""
        if (status := self._process.poll()) is not None:
            raise ChaosError(f"relay {self.name} ended with {status}:\n{self.said}")

    @property
    def said(self) -> str:
        """What it printed."""
        return "".join(path.read_text(errors="replace") for path in (self.report, self._errors))

    @property
    def figures(self) -> str:
        """What it tells Prometheus; empty when nobody answers."""
        address = re.search(r"http://127\.0\.0\.1:\d+", self.report.read_text())
        if address is None:
            return ""
        try:
            answer = urllib3.request("GET", f"{address[0]}/metrics", retries=False, timeout=5)
        except urllib3.exceptions.HTTPError as error:
            return str(error)
        return re.sub(r"^#.*\n", "", answer.data.decode(), flags=re.MULTILINE)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(_END_S)

    def terminate(self) -> None:
        """Send SIGTERM, upon which it ends in order; not before it can."""
        wait_for(lambda: self.report.stat().st_size, _START_S, f"the start of {self.name}")
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Wait for an end in order."""
        wait_for(lambda: self._process.poll() is not None, _END_S, f"the end of {self.name}")
        if self._process.returncode != 0:
            raise ChaosError(
                f"relay {self.name} ended with {self._process.returncode}: {self.said}"
            )


class Relays:
    """All relays of a run.

    :ivar group: the one that they are in.
    """

    def __init__(self, source: str, url: str, directory: Path, size: int) -> None:
        self.group = "relays"
        self._source = source
        self._url = url
        self._directory = directory
        self._all: list[Relay] = []
        self._running = [self._start() for _ in range(size)]

    def _start(self) -> Relay:
        name = f"r{len(self._all) + 1}"
        relay = Relay(name, self._source, self.group, self._url, self._directory)
        self._all.append(relay)
        return relay

    @property
    def names(self) -> list[str]:
        return [relay.name for relay in self._all]

    def check(self) -> None:
        """Raise if a relay ended by itself."""
        for relay in self._running:
            relay.check()

    def kill(self, slot: int) -> str:
        """Kill a relay, and start another; return the name of the one that was killed."""
        relay = self._running[slot % len(self._running)]
        relay.kill()
        self._running[slot % len(self._running)] = self._start()
        return relay.name

    def replace(self, slot: int) -> None:
        """End a relay in order, and start another."""
        self.leave(slot)
        self.join()

    def regroup(self, group: str, prepare: Callable[[], object]) -> None:
        """End all in order, and start as many in another group, which is prepared in between."""
        size = len(self._running)
        self.finish()
        prepare()
        self.group = group
        self._running = [self._start() for _ in range(size)]

    def join(self) -> None:
        """Start one more."""
        self._running.append(self._start())

    def leave(self, slot: int) -> None:
        """End one in order."""
        relay = self._running.pop(slot % len(self._running))
        relay.terminate()
        relay.wait()

    def finish(self) -> None:
        """End all in order."""
        for relay in self._running:
            relay.terminate()
        for relay in self._running:
            relay.wait()
        self._running = []

    def close(self) -> None:
        """Kill what is left when a run has failed."""
        for relay in self._running:
            relay.kill()

    def said(self) -> str:
        """Return what the running ones printed."""
        return "\n".join(f"{relay.name}:\n{relay.said}\n{relay.figures}" for relay in self._running)
