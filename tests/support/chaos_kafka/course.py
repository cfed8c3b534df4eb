"""A whole run: producers track and relays deliver, while the plan happens to them all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from chaos.board import all_boards
from chaos.fleet import Fleet
from chaos.member import ChaosError
from chaos.records import id_of
from chaos.schedule import Blow as ProducerBlow
from chaos.schedule import Step as ProducerStep
from chaos.server import FaultServer
from chaos.settings import Settings
from chaos_kafka.balance import Balance, Disturbance, Evidence, balance
from chaos_kafka.relays import Relays
from chaos_kafka.schedule import Blow, Plan, Step
from chaos_kafka.topics import Topic
from growingio_tracker import Stats

REGROUPED: Final = "all relays end, and others begin in another group"
_TOPIC: Final = "events"
_DEAD: Final = "events.dead-letters"
_AHEAD: Final = 20_000
"""So many events producers are ahead of the server, so that there always is something to do."""
_MAX_EVENTS: Final = 50_000
_PAUSE_S: Final = 0.002
_MET_WITHIN_S: Final = 5.0
_STUCK_S: Final = 12.0
_GIVE_UP_S: Final = 90.0
_REGROUPS: Final = 10
_SETTLES_S: Final = 0.5
_MOVES_S: Final = 6.0
"""A group has settled so long after a change: three times its session."""
_MOVED: Final = "group changed, or broker silent, before the commit"
_STOPPED_S: Final = 0.8
_STOPPED_LONG_S: Final = 4.0


class Result(Struct, frozen=True):
    """How a run ended.

    :param met: the faults that met something, in words, and how many of each.
    """

    plan: Plan
    balance: Balance
    met: Counter[str]
    requests: int
    seconds: float


class Brokers(Protocol):
    """What a run needs of brokers."""

    address: str

    def make_topic(self, name: str, partitions: int = 3) -> str:
        """Make a topic; return its name."""
        ...

    def standing_still(self) -> AbstractContextManager[None]:
        """Let one not answer meanwhile; what was acknowledged is there afterwards."""
        ...


def run(
    plan: Plan,
    directory: Path,
    brokers: Brokers,
    tell: Callable[[int, int], object] | None = None,
) -> Result:
    """Let ``plan`` happen; ``tell`` is told the events and faults so far."""
    began = time.monotonic()
    course = Course(plan, directory, brokers)
    try:
        course.happen(tell or (lambda events, faults: None))
        found = balance(course.evidence())
    except ChaosError as error:
        raise ChaosError(f"{error}\n{course.said()}") from error
    finally:
        course.close()
    return Result(plan, found, course.met, course.server.requests, time.monotonic() - began)


class Course:
    """A run while it lasts.

    :ivar met: the faults that met something.
    """

    def __init__(self, plan: Plan, directory: Path, brokers: Brokers) -> None:
        self.met: Counter[str] = Counter()
        self.server = FaultServer()
        self._plan = plan
        self._brokers = brokers
        self._topic = Topic(
            brokers.address, brokers.make_topic(_TOPIC, plan.partitions), plan.partitions
        )
        self._dead = Topic(brokers.address, brokers.make_topic(_DEAD, 1), 1)
        self._settings = _settings(plan, directory, self.server.url, brokers.address)
        self._disturbances: list[Disturbance] = []
        self._producers = Fleet(self._settings, plan.producers)
        source = f"kafka://{brokers.address}/{_TOPIC}"
        self._relays = Relays(source, self.server.url, self._settings.errors, plan.relays)

    def happen(self, tell: Callable[[int, int], object]) -> None:
        """Let everything happen, and come to an end in order."""
        for step in self._plan.steps:
            self._run_to(step.after)
            self._step(step)
            tell(self.server.events, self.met.total())
        self._producers.run_to(self._plan.events)
        self._producers.finish(drain=False)
        self._wait(lambda: self._topic.is_committed(self._relays.group), "everything committed")
        self._relays.finish()

    def _run_to(self, events: int) -> None:
        self._wait(lambda: self.server.events >= events, f"{events} events stored")

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        """Feed producers until ``condition`` holds; fail if nothing is stored for too long."""
        moved_at, before, is_checked = time.monotonic(), self.server.events, False
        while not condition():
            self._feed()
            now = time.monotonic()
            if self.server.events != before:
                moved_at, before, is_checked = now, self.server.events, False
            elif now > moved_at + _GIVE_UP_S:
                raise ChaosError(f"nothing was stored for {_GIVE_UP_S} s, waiting for {what}")
            elif now > moved_at + _STUCK_S and not is_checked:
                is_checked = True
                self._check_group()
            time.sleep(_PAUSE_S)

    def _check_group(self) -> None:
        """Let all relays end, and others begin in another group, if the broker holds them up.

        When the leader of a group leaves while others join, Tansu may go on to name it as the
        leader for ever, and then gives partitions to no member, old or new.
        """
        began, group = time.monotonic(), self._relays.group
        if not self._topic.admits_to(group):
            if self.met[REGROUPED] == _REGROUPS:
                raise ChaosError(f"the broker held relays up {_REGROUPS} times")
            self.met[REGROUPED] += 1
            after = f"relays-{self.met[REGROUPED]}"
            self._relays.regroup(after, lambda: self._topic.carry_over(group, after))
        self._note_disturbance(_MOVED, began)

    def _feed(self) -> None:
        self._relays.check()
        wanted = min(self._plan.events, self.server.events + _AHEAD)
        if (missing := wanted - self._producers.returned) > 0:
            self._producers.feed(missing)

    def _step(self, step: Step) -> None:
        """Let one step happen and pass."""
        fault = step.fault
        if fault is not None:
            before = self.server.hits[fault]
            self.server.begin(fault, step.hits)
            if self._passes(_MET_WITHIN_S, lambda: self.server.hits[fault] > before):
                self.met[fault.value] += 1
        if step.blow is not None:
            self._befall(step.blow, step.slot)
            self.met[step.blow.value] += 1
        self._passes(step.lasts_s, lambda: self.server.is_well)
        self.server.end()

    def _passes(self, seconds: float, is_over: Callable[[], bool]) -> bool:
        """Let time pass; return whether it was over before."""
        deadline = time.monotonic() + seconds
        while not is_over():
            if time.monotonic() > deadline:
                return False
            self._feed()
            time.sleep(_PAUSE_S)
        return True

    def _befall(self, blow: Blow, slot: int) -> None:
        if blow is Blow.PRODUCER_REPLACED:
            one = slot % self._plan.producers
            self._producers.befall(ProducerStep(0, blow=ProducerBlow.TERMINATE, slot=one))
            return
        began, relay = time.monotonic(), ""
        if blow is Blow.RELAY_KILLED:
            relay = self._relays.kill(slot)
        elif blow is Blow.RELAY_REPLACED:
            self._relays.replace(slot)
        elif blow is Blow.RELAY_JOINS:
            self._relays.join()
        elif blow is Blow.RELAY_LEAVES:
            self._relays.leave(slot)
        else:
            self._stop_broker(_STOPPED_S if blow is Blow.BROKER_STOPPED else _STOPPED_LONG_S)
        self._disturb(blow, began, relay)

    def _disturb(self, blow: Blow, began: float, relay: str) -> None:
        """Note what may have cut off commits: of the relay that was killed, or of any."""
        if relay:
            self._note_disturbance(blow.value, began, relay)
        self._note_disturbance(_MOVED, began)

    def _note_disturbance(self, what: str, began: float, relay: str = "") -> None:
        until = time.monotonic() + (_SETTLES_S if relay else _MOVES_S)
        self._disturbances.append(Disturbance(what, began, until, relay))

    def _stop_broker(self, seconds: float) -> None:
        """Let the broker stand still for a while, with all that it has."""
        with self._brokers.standing_still():
            self._passes(seconds, lambda: False)

    def evidence(self) -> Evidence:
        """Return what is known; everything has ended but the broker."""
        boards = all_boards(self._settings.boards, self._settings.threads)
        return Evidence(
            returned={name: board.returned for name, board in boards.items()},
            reports={
                path.name: msgspec.json.decode(path.read_bytes(), type=Stats)
                for path in self._settings.reports.iterdir()
            },
            placed=self._topic.placed(),
            stored=self.server.stored,
            dead=[id_of(message.value() or b"") for message in self._dead.messages()],
            disturbances=sorted(self._disturbances, key=lambda one: one.at),
            poison_every=self._plan.poison_every,
        )

    def said(self) -> str:
        """Return what processes said, and what producers are doing."""
        group = self._relays.group
        behind = f"not committed by {group}: {dict(self._topic.behind(group))}"
        return "\n".join([self._producers.stacks(), self._relays.said(), behind])

    def close(self) -> None:
        """Kill what is left."""
        self._producers.close()
        self._relays.close()
        self.server.close()


def _settings(plan: Plan, directory: Path, url: str, brokers: str) -> Settings:
    settings = Settings(
        directory=str(directory),
        name="",
        url=url,
        durable=False,
        ca_file="",
        threads=plan.threads,
        poison_every=plan.poison_every,
        overflow="block",
        max_events=_MAX_EVENTS,
        brokers=brokers,
        topic=_TOPIC,
    )
    for one in (settings.boards, settings.reports, settings.errors):
        one.mkdir()
    return settings
