"""Delivery of windows: each record is sent, or becomes a dead letter.

A failure loses nothing: a window keeps what remains to be done, and only that is attempted again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Final

from growingio_tracker.delivery import Batch, Postponed, Rejected
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Interrupt, Pace
from growingio_tracker.kafka.dead_letters import WritesLetters
from growingio_tracker.kafka.partitions import Assignment
from growingio_tracker.kafka.topic import Origin
from growingio_tracker.kafka.windows import Group, Letter, Window
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.errors import GrowingIOException, RejectedError, with_response
from growingio_wire.logs import logger
from growingio_wire.said import Said

_log: Final = logger("growingio_tracker.kafka")

_BROKER_PAUSE_S: Final = 5.0
_UNEXPECTED_PAUSE_S: Final = 1.0
_NO_RECORD: Final = Said("a message is not a record ({why})", "有一条消息不是记录（{why}）")
_ENDING: Final = Postponed(
    GrowingIOException(Said("the relay is ending", "relay 正在结束")), 0.0, everywhere=False
)
_LEAVING: Final = Postponed(
    GrowingIOException(Said("another relay continues", "由其他 relay 继续发送")),
    0.0,
    everywhere=False,
)
_UNEXPECTED: Final = Postponed(
    GrowingIOException(Said("an unexpected error", "意外错误")),
    _UNEXPECTED_PAUSE_S,
    everywhere=False,
)


class Delivery:
    """Delivers windows; each thread that runs it works on one at a time.

    :param sender_to: returns the sender for the records of an origin; called from any thread.
    :param letters: writes dead letters.
    :param pace: the rate that all threads share.
    """

    def __init__(
        self,
        assignment: Assignment,
        sender_to: Callable[[Origin], Sender],
        letters: WritesLetters,
        *,
        pace: Pace,
        ledger: Ledger,
        reporter: Reporter,
        interrupt: Interrupt,
    ) -> None:
        self._assignment = assignment
        self._sender_to = sender_to
        self._letters = letters
        self._pace = pace
        self._ledger = ledger
        self._reporter = reporter
        self._interrupt = interrupt

    def run(self) -> None:
        """Deliver due windows until the assignment is closed."""
        self._reporter.own_threads.add(threading.get_ident())
        while (window := self._assignment.next()) is not None:
            self.deliver(window)

    def deliver(self, window: Window) -> None:
        """Attempt a window, and return it to the assignment, whatever happens."""
        postponed: Postponed | None = _UNEXPECTED
        try:
            postponed = self._try(window)
        except Exception:
            _log.exception("unexpected error during delivery; the events stay on the topic")
        finally:
            if postponed is None:
                self._assignment.finish(window)
            else:
                self._assignment.rest(window, postponed)

    def _try(self, window: Window) -> Postponed | None:
        """Do what remains to be done for a window; return what stops it, if anything."""
        return self._send_all(window) or self._write_letters(window)

    def _send_all(self, window: Window) -> Postponed | None:
        found: Postponed | None = None
        for group in window.groups.copy():
            postponed = self._wait_for_turn(window, len(group.batch)) or self._send(window, group)
            if postponed is None:
                window.groups.remove(group)
            elif postponed.everywhere or not window.partition.is_owned:
                return postponed
            found = found or postponed
        return found

    def _wait_for_turn(self, window: Window, events: int) -> Postponed | None:
        wait_s = self._pace.wait_s(events)
        if wait_s > 0:
            self._interrupt.pause(wait_s)
        if self._interrupt.remaining_s() == 0.0:
            return _ENDING
        return None if window.partition.is_owned else _LEAVING

    def _send(self, window: Window, group: Group) -> Postponed | None:
        sender = self._sender_to(group.origin)
        for part, outcome in sender.deliver(group.batch):
            if isinstance(outcome, Postponed):
                return outcome
            if isinstance(outcome, Rejected):
                sender.report(part, outcome)
                window.letters += _letters(group, part, outcome)
            else:
                self._note_delivered(window, part)
            group.batch = group.batch.after(len(part))
        return None

    def _note_delivered(self, window: Window, part: Batch) -> None:
        self._assignment.note_accepted()
        with self._ledger.lock:
            self._ledger.count_delivered(len(part), part.size)
            window.note(len(part), part.size)

    def _write_letters(self, window: Window) -> Postponed | None:
        if not window.letters:
            return None
        window.letters.sort(key=lambda letter: letter.entry.offset)
        try:
            written = self._letters.write(window.letters)
        except GrowingIOException as error:
            self._ledger.note_error(error.said)
            self._reporter.report(Problem.of("dead_letter_unwritten", error.said))
            return Postponed(error, _BROKER_PAUSE_S, everywhere=False)
        self._note_written(window, written)
        return self._write_letters(window)

    def _note_written(self, window: Window, written: Collection[Letter]) -> None:
        with self._ledger.lock:
            for letter in written:
                window.letters.remove(letter)
                size = len(letter.entry.record)
                self._ledger.count_rejected(letter.reason, 1, size)
                window.note(1, size)
        for letter in written:
            if letter.entry.fault:  # what was sent has been reported by its sender
                said = _NO_RECORD.with_values(why=letter.detail or letter.reason)
                self._reporter.report(Problem.of(letter.reason, said, 1))


def _letters(group: Group, part: Batch, outcome: Rejected) -> list[Letter]:
    error = outcome.error
    status = error.status if isinstance(error, RejectedError) else 0
    detail = with_response(error).en
    entries = group.entries[part.first_seq : part.end_seq]
    return [Letter(one, outcome.reason, detail, status) for one in entries]
