"""Checks of messages, with regard to earlier ones, and their rows for the store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from growingio_collector.rules.bodies import UNREADABLE
from growingio_collector.rules.checked import Arrival, CheckedMessage, DecodedMessage, Types
from growingio_collector.rules.clients import sdk_issue
from growingio_collector.rules.fast_path import FastPath, has_marks, learn
from growingio_collector.rules.heads import EventHead, Head, ItemHead, field_issues, read_head
from growingio_collector.rules.history import History, SeenType
from growingio_collector.rules.identities import unreal_ids
from growingio_collector.rules.issue import Issue
from growingio_collector.rules.messages import (
    head_issues,
    member_issues,
    member_types,
    read_members,
)
from growingio_collector.rules.names import name_issues
from growingio_collector.rules.repeats import repeat_key
from growingio_collector.rules.requests import kind_issue
from growingio_collector.rules.times import stm_issues
from growingio_wire.near import Guesses
from growingio_wire.table import Kind

_NEVER = -1
_MOST_COMPARED: Final = 2000
"""Maximum number of names compared with misspelled ones per request."""


_NOTHING_KNOWN = Arrival()


def check_one(
    kind: Kind, message: DecodedMessage, arrival: Arrival = _NOTHING_KNOWN
) -> CheckedMessage:
    """Check one message of ``kind`` by itself.

    :param arrival: facts about its request; by default none.
    """
    return _Checker((message,), arrival, History()).check(kind, message)


def check_all(
    kind: Kind, messages: Sequence[DecodedMessage], arrival: Arrival, history: History
) -> list[CheckedMessage]:
    """Check the messages of one request, with regard to earlier ones.

    :param arrival: has the time of receipt.
    """
    checker = _Checker(messages, arrival, history)
    checked = [checker.check(kind, message) for message in messages]
    of_all = tuple(_request_issues(arrival)) if checked else ()
    return [_with(one, of_all) for one in checked] if of_all else checked


def _request_issues(arrival: Arrival) -> Iterator[Issue]:
    """Yield what is wrong with a request, and so with each of its messages."""
    if arrival.received_us is not None:
        yield from stm_issues(arrival.stm, arrival.received_us)
    yield from unreal_ids({"projectKey": arrival.project})


def _with(checked: CheckedMessage, more: tuple[Issue, ...]) -> CheckedMessage:
    return msgspec.structs.replace(checked, issues=(*checked.issues, *more))


class Judge:
    """Checks the messages of requests, from several threads at a time.

    It starts with the history in the store, and forgets everything when the store is cleared.

    :param clears: returns how often the store was cleared.
    :param seen: returns the types of properties in the store.
    """

    def __init__(self, clears: Callable[[], int], seen: Callable[[], Iterable[SeenType]]) -> None:
        self._clears = clears
        self._seen = seen
        self._begin()

    def _begin(self) -> None:
        self._known_clears = self._clears()
        self._history = History(self._seen())

    def check(
        self, kind: Kind, messages: Sequence[DecodedMessage], arrival: Arrival
    ) -> list[CheckedMessage]:
        """Check the messages of one request; ``arrival`` has the time of receipt."""
        if self._clears() != self._known_clears:
            self._begin()
        return check_all(kind, messages, arrival, self._history)

    def answered(self, received_us: int, status: int) -> None:
        """Note that the request received then was stored, and its response status."""
        self._history.repeats.answered(received_us, status)

    def forget(self) -> None:
        """Forget everything seen, because it was not stored: a resent event is no repeat."""
        self._known_clears = _NEVER


class _Checker:
    def __init__(
        self, messages: Sequence[DecodedMessage], arrival: Arrival, history: History
    ) -> None:
        self._arrival = arrival
        self._history = history
        self._guesses = Guesses(_MOST_COMPARED)
        self._sending = history.repeats.begin(arrival.received_us or 0, arrival.method)
        self._fast_path = FastPath(arrival, history, self._sending, has_marks(messages))

    def check(self, kind: Kind, message: DecodedMessage) -> CheckedMessage:
        text, known = message.text, message.issues
        if text is None:
            return CheckedMessage(kind.value, issues=known or (UNREADABLE.issue(),))
        if kind is Kind.EVENT and not known:
            checked = self._fast_path.check(text)
            if checked:
                return checked
        return self._explained(kind, text, known)

    def _explained(self, kind: Kind, text: bytes, known: tuple[Issue, ...]) -> CheckedMessage:
        head, mistyped = read_head(kind, text)
        known = (*known, *mistyped)
        if head is None:
            return CheckedMessage(kind.value, issues=known)
        if other := kind_issue(kind, text):
            return _row(head, text.decode(), (*known, other), ())
        members = read_members(text)
        types = member_types(head, members)
        found = chain(
            head_issues(head, self._arrival),
            field_issues(kind, text, self._guesses),
            name_issues(text),
            member_issues(head, members),
            self._compared(head, text, types),
        )
        spoken_of = {issue.path for issue in known if issue.path}
        new = (issue for issue in found if issue.path not in spoken_of)
        return _row(head, text.decode(), (*known, *new), types)

    def _compared(self, head: Head, text: bytes, types: Types) -> Iterator[Issue]:
        """Compare a message with earlier ones, and remember it."""
        client, seen = self._arrival.client, self._history.property_types
        if isinstance(head, EventHead):
            name = head.event_name or _text(head.event_type) or ""
            yield from seen.note(Kind.EVENT.value, name, client, types)
            yield from self._event_compared(head, text)
        elif isinstance(head, ItemHead):
            yield from seen.note(Kind.ITEM.value, head.key or "", client, types)

    def _event_compared(self, head: EventHead, text: bytes) -> Iterator[Issue]:
        history, arrival = self._history, self._arrival
        old = sdk_issue(head.platform, head.sdk_version)
        if old and history.is_new_sdk(f"{head.platform} {head.sdk_version}"):
            yield old
        repeat = history.repeats.note(repeat_key(text, arrival.project, head), self._sending)
        if repeat:
            yield repeat
        learn(text, arrival.client, history)


def _row(head: Head, text: str, issues: tuple[Issue, ...], types: Types) -> CheckedMessage:
    if isinstance(head, EventHead):
        return CheckedMessage(
            Kind.EVENT.value,
            _text(head.event_type),
            head.event_name,
            head.user_key,
            _text(head.user_id),
            head.device_id,
            head.timestamp,
            text,
            issues,
            types,
        )
    if isinstance(head, ItemHead):
        return CheckedMessage(Kind.ITEM.value, name=head.key, text=text, issues=issues, types=types)
    return CheckedMessage(Kind.MAPPING.value, timestamp=head.send_time, text=text, issues=issues)


def _text(value: str | int | None) -> str | None:
    return str(value) if isinstance(value, int) else value
