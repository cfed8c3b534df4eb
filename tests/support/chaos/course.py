"""A whole run: processes track while the plan happens to them and to their server."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from chaos.balance import Balance, Evidence, balance
from chaos.board import all_boards
from chaos.fleet import Fleet
from chaos.member import ChaosError
from chaos.records import id_of
from chaos.schedule import Blow, Plan, Step
from chaos.server import FaultServer
from chaos.settings import MAX_SIZE, Settings
from growingio_tracker import Stats
from growingio_tracker.delivery.spool.dead_letters import DeadLetters

_PAUSE_S: Final = 0.002
_FEED_EVERY_S: Final = 0.05
_CA_FILE: Final = "ca.pem"
# A fault that nothing meets within this time, such as 413 while all batches are small, is none.
_MET_WITHIN_S: Final = 2.0


class Result(Struct, frozen=True):
    """How a run ended.

    :param met: the faults that met something, in words, and how many of each.
    """

    plan: Plan
    balance: Balance
    met: Counter[str]
    requests: int
    seconds: float


def run(plan: Plan, directory: Path, tell: Callable[[int, int], object] | None = None) -> Result:
    """Let ``plan`` happen; ``tell`` is told the events and faults so far."""
    began = time.monotonic()
    met: Counter[str] = Counter()
    server = FaultServer(_tls(directory) if plan.tls else None)
    settings = _settings(plan, directory, server.url)
    fleet = Fleet(settings, plan.processes)
    try:
        for step in plan.steps:
            fleet.run_to(step.after)
            met.update(_happen(step, server, fleet))
            if tell is not None:
                tell(fleet.returned, met.total())
        fleet.run_to(plan.events)
        fleet.finish(drain=plan.strategy == "durable")
    except ChaosError as error:
        raise ChaosError(f"{error}\n{fleet.stacks()}") from error
    finally:
        fleet.close()
        server.close()
    found = balance(_evidence(plan, settings, server, fleet))
    return Result(plan, found, met, server.requests, time.monotonic() - began)


def _settings(plan: Plan, directory: Path, url: str) -> Settings:
    settings = Settings(
        directory=str(directory),
        name="",
        url=url,
        durable=plan.strategy == "durable",
        ca_file=str(directory / _CA_FILE) if plan.tls else "",
        threads=plan.threads,
        poison_every=plan.poison_every,
        overflow=plan.overflow,
        max_events=plan.max_events,
    )
    for one in (settings.boards, settings.reports, settings.errors, settings.spool):
        one.mkdir()
    return settings


def _tls(directory: Path) -> ssl.SSLContext:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / _CA_FILE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _happen(step: Step, server: FaultServer, fleet: Fleet) -> list[str]:
    """Let one step happen and pass; return what did, in words."""
    happened: list[str] = []
    if (fault := step.fault) is not None:
        before = server.hits[fault]
        server.begin(fault, step.hits)
        if _feed(fleet, _MET_WITHIN_S, lambda: server.hits[fault] > before):
            happened.append(fault.value)
    fleet.ask(False)
    if step.blow is not None:
        fleet.befall(step)
        happened.append(step.blow.value)
    if not server.is_well or step.blow is Blow.DISK_FULL:
        _feed(fleet, step.lasts_s, lambda: server.is_well and step.blow is not Blow.DISK_FULL)
    server.end()
    fleet.empty_disks()
    fleet.ask(True)
    return happened


def _feed(fleet: Fleet, seconds: float, is_over: Callable[[], bool]) -> bool:
    """Let the processes track for some time; return whether it was over before."""
    deadline, fed_at = time.monotonic() + seconds, 0.0
    while not is_over():
        if time.monotonic() > deadline:
            return False
        if time.monotonic() > fed_at + _FEED_EVERY_S:
            fed_at = time.monotonic()
            fleet.feed(MAX_SIZE)
        time.sleep(_PAUSE_S)
    return True


def _evidence(plan: Plan, settings: Settings, server: FaultServer, fleet: Fleet) -> Evidence:
    boards = all_boards(settings.boards, settings.threads)
    return Evidence(
        returned={name: board.returned for name, board in boards.items()},
        stored=server.stored,
        reports={
            path.name: msgspec.json.decode(path.read_bytes(), type=Stats)
            for path in settings.reports.iterdir()
        },
        killed=fleet.killed,
        disk_full=fleet.disk_full,
        dead_letters=_dead_letters(settings) if settings.durable else None,
        poison_every=plan.poison_every,
    )


def _dead_letters(settings: Settings) -> list[str]:
    return [id_of(letter.record) for letter in DeadLetters(settings.spool)]
