"""From messages to their rows."""

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from growingio_tracker.collector.check.arrival import Arrival
from growingio_tracker.collector.check.clients import sdk_problem
from growingio_tracker.collector.check.finding import Finding, Types
from growingio_tracker.collector.check.heads import EventHead, Head, ItemHead, read_head
from growingio_tracker.collector.check.memory import Memory
from growingio_tracker.collector.check.message import (
    head_problems,
    member_problems,
    member_types,
    read_members,
)
from growingio_tracker.collector.check.ordinary import Ordinary, has_marks, learn
from growingio_tracker.collector.check.repeats import repeat_key
from growingio_tracker.collector.check.times import stm_problems
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import Kind

_UNREADABLE = Problem("unreadable")


def examine(kind: Kind, message: Message, arrival: Arrival = Arrival()) -> Finding:  # noqa: B008 - immutable
    """Return the row of one message of ``kind``, judged without regard to any other.

    :param arrival: what is known of its request; by default nothing.
    """
    return _Examiner((message,), arrival, Memory()).examine(kind, message)


def examine_all(
    kind: Kind, messages: Sequence[Message], arrival: Arrival, memory: Memory
) -> list[Finding]:
    """Return the rows of the messages of one request, judged with regard to earlier ones.

    :param arrival: has the time of receipt.
    """
    examiner = _Examiner(messages, arrival, memory)
    findings = [examiner.examine(kind, message) for message in messages]
    if arrival.received_us is not None and findings:
        off = tuple(stm_problems(arrival.stm, arrival.received_us))
        # It is said once, not for each of 500 events.
        findings[0] = msgspec.structs.replace(findings[0], problems=(*findings[0].problems, *off))
    return findings


class _Examiner:
    def __init__(self, messages: Sequence[Message], arrival: Arrival, memory: Memory) -> None:
        self._arrival = arrival
        self._memory = memory
        memory.repeats.begin(arrival.received_us or 0, arrival.method)
        self._ordinary = Ordinary(arrival, memory, has_marks(messages))

    def examine(self, kind: Kind, message: Message) -> Finding:
        text, known = message.text, message.problems
        if text is None:
            return Finding(kind.value, problems=known or (_UNREADABLE,))
        if kind is Kind.EVENT and not known:
            finding = self._ordinary.find(text)
            if finding:
                return finding
        return self._explained(kind, text, known)

    def _explained(self, kind: Kind, text: bytes, known: tuple[Problem, ...]) -> Finding:
        head, mistyped = read_head(kind, text)
        known = (*known, *mistyped)
        if head is None:
            return Finding(kind.value, problems=known)
        members = read_members(text)
        types = member_types(head, members)
        found = chain(
            head_problems(head, self._arrival),
            member_problems(members),
            self._compared(head, text, types),
        )
        spoken_of = {problem.path for problem in known if problem.path}
        new = (problem for problem in found if problem.path not in spoken_of)
        return _finding(head, text.decode(), (*known, *new), types)

    def _compared(self, head: Head, text: bytes, types: Types) -> Iterator[Problem]:
        """Yield what is wrong in view of earlier messages, and remember this one."""
        client, seen = self._arrival.client, self._memory.property_types
        if isinstance(head, EventHead):
            name = head.event_name or _text(head.event_type) or ""
            yield from seen.note(Kind.EVENT.value, name, client, types)
            yield from self._event_compared(head, text)
        elif isinstance(head, ItemHead):
            yield from seen.note(Kind.ITEM.value, head.key or "", client, types)

    def _event_compared(self, head: EventHead, text: bytes) -> Iterator[Problem]:
        memory, arrival = self._memory, self._arrival
        old = sdk_problem(head.platform, head.sdk_version)
        if old and memory.is_new_sdk(f"{head.platform} {head.sdk_version}"):
            yield old
        repeat = memory.repeats.note(repeat_key(text, arrival.project, head))
        if repeat:
            yield repeat
        learn(text, arrival.client, memory)


def _finding(head: Head, text: str, problems: tuple[Problem, ...], types: Types) -> Finding:
    if isinstance(head, EventHead):
        return Finding(
            Kind.EVENT.value,
            _text(head.event_type),
            head.event_name,
            head.user_key,
            _text(head.user_id),
            head.device_id,
            head.timestamp,
            text,
            problems,
            types,
        )
    if isinstance(head, ItemHead):
        return Finding(Kind.ITEM.value, name=head.key, text=text, problems=problems, types=types)
    return Finding(Kind.MAPPING.value, timestamp=head.send_time, text=text, problems=problems)


def _text(value: str | int | None) -> str | None:
    return str(value) if isinstance(value, int) else value
