"""The processes of a run, from the first to the last of their successors."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from functools import partial

import msgspec

from chaos.balance import Period
from chaos.board import Board, Slot, all_boards
from chaos.member import ChaosError, Member, wait_for
from chaos.schedule import Blow, Step
from chaos.settings import DRAIN_S, Settings

_PAUSE_S = 0.002
_WRITES_S = 0.5
_OBEYS_S = 60.0
_END_S = 60.0
_STUCK_S = 30.0


class Fleet:
    """All processes of a run.

    :param settings: of every process; the name is each one's own.
    :param size: how many track at a time.
    """

    def __init__(self, settings: Settings, size: int) -> None:
        self.killed: set[str] = set()
        self.disk_full: dict[str, list[Period]] = defaultdict(list)
        self._settings = settings
        self._all: list[Member] = []
        self._clocks = [0] * size
        self._members = [self._start() for _ in range(size)]
        self._asking = True

    def _start(self, clock_ms: int = 0, *, drains: bool = False) -> Member:
        name = f"p{len(self._all) + 1}"
        settings = msgspec.structs.replace(self._settings, name=name, drains=drains)
        member = Member(settings, clock_ms)
        self._all.append(member)
        return member

    @property
    def returned(self) -> int:
        """How many calls returned."""
        return sum(sum(member.board.returned) for member in self._all)

    def run_to(self, events: int) -> None:
        """Let the processes track until so many calls returned."""
        moved_at, before = time.monotonic(), self.returned
        while (now := self.returned) < events:
            if now != before:
                moved_at, before = time.monotonic(), now
            if time.monotonic() > moved_at + _STUCK_S:
                raise ChaosError(f"no call returned for {_STUCK_S} s, after {now} of {events}")
            self.feed(events - now)
            time.sleep(_PAUSE_S)

    def feed(self, events: int) -> None:
        """Give each process that has nothing to do its part of so many events."""
        each = -(-events // (len(self._members) * self._settings.threads))
        for member in self._members:
            member.check()
            if member.board.is_at_target():
                member.board[Slot.TARGET] += each

    def ask(self, asking: bool) -> None:
        """Say whether the server is to be asked at once, however often it has failed."""
        self._asking = asking
        for member in self._members:
            member.board[Slot.ASKING] = asking

    def befall(self, step: Step) -> None:
        """Let the step's blow fall."""
        member = self._members[step.slot]
        member.wait_ready()
        if step.blow is Blow.KILL:
            self.killed.add(member.name)
            member.kill()
            self._succeed(step.slot)
        elif step.blow is Blow.TERMINATE:
            member.terminate()
            self._succeed(step.slot)
        elif step.blow is Blow.CLOCK_JUMP:
            member.board[Slot.CLOCK_MS] = self._clocks[step.slot] = step.jump_ms
        elif step.blow is Blow.DISK_FULL:
            self.disk_full[member.name].append(Period(time.monotonic()))
            self._fill(member, 1 + step.full_at_kib * 1024)
        elif step.blow is not None:
            self._fork(member, kill=step.blow is Blow.FORK_AND_KILL)

    def empty_disks(self) -> None:
        """Let files grow again."""
        for member in self._members:
            if member.board[Slot.FULL_AT]:
                self._fill(member, 0)
                self.disk_full[member.name][-1].end = time.monotonic()

    def _fill(self, member: Member, full_at: int) -> None:
        board = member.board
        board[Slot.FULL_AT] = full_at
        wait_for(lambda: board[Slot.IS_FULL_AT] == full_at, _OBEYS_S, f"a full disk for {member}")

    def _succeed(self, slot: int) -> None:
        self._members[slot] = self._start(self._clocks[slot])
        self.ask(self._asking)

    def _fork(self, member: Member, *, kill: bool) -> None:
        board = member.board
        board[Slot.KILLS_CHILD] = kill
        board[Slot.FORKS] += 1
        if kill:
            self.killed.add(f"{member.name}.{board[Slot.FORKS]}")
        wait_for(lambda: board[Slot.FORKED] == board[Slot.FORKS], _OBEYS_S, f"a fork of {member}")

    def finish(self, *, drain: bool) -> None:
        """End everything in order, and at last deliver what is left on disk."""
        for member in self._members:
            member.wait_ready()
            member.end()
        for child in self._children():
            wait_for(partial(child.__getitem__, Slot.OVER), _END_S, f"the end of {child.path.name}")
        if drain:
            self._start(drains=True).wait(DRAIN_S + _END_S)

    def _children(self) -> list[Board]:
        boards = all_boards(self._settings.boards, self._settings.threads)
        own = {member.name for member in self._all}
        return [board for name, board in boards.items() if name not in own and board[Slot.PID]]

    def stacks(self) -> str:
        """Return what the processes that run are doing, in each of their threads."""
        self._signal(signal.SIGUSR1)  # each lets faulthandler write it down
        time.sleep(_WRITES_S)
        return "\n".join(f"{one}:\n{one.said}" for one in self._all if one.said)

    def close(self) -> None:
        """Kill what is left when a run has failed."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for member in self._all:
            member.send(number)
        for child in self._children():
            if not child[Slot.OVER]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child[Slot.PID], number)
