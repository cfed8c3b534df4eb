"""From a decoded message to its row: what identifies it, and what is wrong with it."""

from typing import NamedTuple

from msgspec import UNSET

from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.heads import (
    EventHead,
    Head,
    ItemHead,
    MappingHead,
    read_head,
)
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.problems.text import BAD, OK, WARN
from growingio_tracker.collector.rows import REQUEST
from growingio_tracker.wire import NOT_USER, Kind


class Finding(NamedTuple):
    """One event as the store keeps it; see ``rows.Event`` for the meaning of each value."""

    kind: str
    type: str | None = None
    name: str | None = None
    user_key: str | None = None
    user_id: str | None = None
    device_id: str | None = None
    timestamp: int | None = None
    text: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def identity(self) -> tuple[object, ...]:
        """Everything but the text and the problems, in the order of the fields."""
        return self[:-2]

    @property
    def verdict(self) -> str:
        """The worst level among the problems."""
        if not self.problems:
            return OK
        return BAD if any(problem.level == BAD for problem in self.problems) else WARN


_NO_TYPE = Problem("missing_event_type", "eventType")
_NO_NAME = Problem("missing_event_name", "eventName")
_NO_TIME = Problem("missing_timestamp", "timestamp")
_NOBODY = Problem("nobody", values={"not_user": NOT_USER})
_NUMBER_AS_USER = Problem("user_id_not_text", "userId")
_NO_ITEM_ID = Problem("missing_item_id", "id")
_NO_ITEM_KEY = Problem("missing_item_key", "key")
_NO_IDENTIFIES = Problem("missing_identifies", "identifies")

_UNREADABLE = Problem("unreadable")


def unreadable(problem: Problem) -> Finding:
    """Return the row of a request from which no message could be read."""
    return Finding(REQUEST, problems=(problem,))


def examine(kind: Kind, message: Message) -> Finding:
    """Return the row of one message of ``kind``."""
    if message.text is None:
        return Finding(kind.value, problems=message.problems or (_UNREADABLE,))
    head, problems = read_head(kind, message.text)
    if head is None:
        return Finding(kind.value, problems=(*message.problems, *problems))
    found = _problems(head)
    if problems:
        mistyped = {problem.path for problem in problems}
        found = [problem for problem in found if problem.path not in mistyped]
    return _finding(head, message.text.decode(), (*message.problems, *problems, *found))


def _problems(head: Head) -> list[Problem]:
    if isinstance(head, EventHead):
        return _event_problems(head)
    return _item_problems(head) if isinstance(head, ItemHead) else _mapping_problems(head)


def _event_problems(head: EventHead) -> list[Problem]:
    problems: list[Problem] = []
    if head.event_type in (None, ""):
        problems.append(_NO_TYPE)
    if not head.event_name and head.event_type == "CUSTOM":
        problems.append(_NO_NAME)
    if head.timestamp is None:
        problems.append(_NO_TIME)
    if not head.user_id and not head.device_id and head.user_key != NOT_USER:
        problems.append(_NOBODY)
    if isinstance(head.user_id, int):
        problems.append(_NUMBER_AS_USER)
    return problems


def _item_problems(head: ItemHead) -> list[Problem]:
    problems = [_NO_ITEM_ID] if head.id in (None, "") else []
    return problems if head.key else [*problems, _NO_ITEM_KEY]


def _mapping_problems(head: MappingHead) -> list[Problem]:
    return [_NO_IDENTIFIES] if head.identifies is UNSET else []


def _finding(head: Head, text: str, problems: tuple[Problem, ...]) -> Finding:
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
        )
    if isinstance(head, ItemHead):
        return Finding(Kind.ITEM.value, name=head.key, text=text, problems=problems)
    return Finding(Kind.MAPPING.value, timestamp=head.send_time, text=text, problems=problems)


def _text(value: str | int | None) -> str | None:
    return str(value) if isinstance(value, int) else value
