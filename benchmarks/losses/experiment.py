"""One SDK put through one scenario."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.environments import ROOT
from benchmarks.losses.driver import GRACE_S, Program
from benchmarks.losses.scenarios import Fault, Kill, Scenario
from benchmarks.losses.server import FaultServer, accept
from benchmarks.losses.subjects import Subject

BLOCKED_S = 20
"""How much longer than planned the calls of a program may take in total."""
NOTHING_LEAVES = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
"""A request to any other host than 127.0.0.1 goes to a port where nothing listens."""


class Outcome(NamedTuple):
    """What became of the events of one experiment."""

    accepted: int
    """Calls that returned."""
    refused: int
    """Calls that raised."""
    arrived: int
    """Events that the server kept, once or more often."""
    lost: int
    """Accepted, and never kept by the server."""
    duplicated: int
    """Kept more than once, or kept after a connection was cut that had carried it already."""
    said: list[str]
    """The first things that the SDK said: exceptions, callbacks, log lines, tracebacks."""
    cut_off: bool
    """A process had not ended when its grace was over."""
    seconds: float


@dataclass
class Tally:
    """What the processes of one experiment told, line by line."""

    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    cut_off: bool = False

    def note(self, line: str) -> None:
        told = {"+": self.accepted.add, "-": self.refused.add, "!": self.said.append}
        if line[:1] in told:
            told[line[:1]](line[1:])

    @property
    def calls(self) -> int:
        return len(self.accepted) + len(self.refused)

    def outcome(self, server: FaultServer, seconds: float) -> Outcome:
        carried = server.kept + server.cut
        return Outcome(
            accepted=len(self.accepted),
            refused=len(self.refused),
            arrived=len(server.kept),
            lost=len(self.accepted - server.kept.keys()),
            duplicated=sum(carried[token] > 1 for token in server.kept),
            said=self.said[:3],
            cut_off=self.cut_off,
            seconds=round(seconds, 1),
        )


async def run(subject: Subject, scenario: Scenario) -> Outcome:
    """Put a subject through a scenario and say what became of its events."""
    begin, tally = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory() as directory:
        async with FaultServer() as server:
            for program, fault, kill in _lives(scenario):
                life = Life(subject, program, server, tally, Path(directory))
                await life.run(fault, kill)
                await server.drain()
                await server.behave(accept)
    return tally.outcome(server, time.monotonic() - begin)


def _lives(scenario: Scenario) -> Iterator[tuple[Program, Fault | None, Kill | None]]:
    """Yield what each process does and what is done to it."""
    run, events, pace = secrets.token_hex(4), scenario.events, scenario.per_second
    program = Program(run, 0, events, pace, scenario.way, events // pace + BLOCKED_S)
    yield program, scenario.fault, scenario.kill
    if scenario.then:
        yield program._replace(first=events, events=scenario.then), None, None


@dataclass
class Life:
    """One process from its start to its end."""

    subject: Subject
    program: Program
    server: FaultServer
    tally: Tally
    directory: Path
    """Where it runs; the next process finds there what this one left."""

    async def run(self, fault: Fault | None, kill: Kill | None) -> None:
        failing = asyncio.create_task(self._fail(fault)) if fault else None
        errors = self.directory / "stderr"
        with errors.open("wb") as stderr:
            process = await self._start(stderr.fileno())
        stuck_s = self.program.calls_s + 3 * GRACE_S  # it ends itself long before
        try:
            await asyncio.wait_for(self._follow(process, kill), stuck_s)
        finally:
            if failing:
                failing.cancel()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.tally.cut_off |= process.returncode == -signal.SIGALRM
        self.tally.said += _tracebacks(errors.read_text("utf-8", "replace"))

    async def _start(self, stderr: int) -> Process:
        driver = ["-m", "benchmarks.losses.driver", self.subject.client, self.server.url]
        return await asyncio.create_subprocess_exec(
            self.subject.python(),
            *driver,
            json.dumps(self.program),
            cwd=self.directory,
            env=_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

    async def _follow(self, process: Process, kill: Kill | None) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.tally.note(line.decode().rstrip("\n"))
            if kill and self.tally.calls >= kill.after:
                process.send_signal(kill.signal)
                kill = None
        await process.wait()

    async def _fail(self, fault: Fault) -> None:
        while self.tally.calls < fault.after:
            await asyncio.sleep(0.01)
        await self.server.behave(fault.answer)
        if fault.seconds is not None:
            await asyncio.sleep(fault.seconds)
            await self.server.behave(accept)


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return own | NOTHING_LEAVES | {"NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)}


def _tracebacks(errors: str) -> list[str]:
    return ["a traceback on the standard error"] if "Traceback (most recent" in errors else []
