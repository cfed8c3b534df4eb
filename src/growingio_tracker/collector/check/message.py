"""Judging one message by itself, with every reason."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from growingio_tracker.collector.check.arrival import Arrival
from growingio_tracker.collector.check.clients import name_problem
from growingio_tracker.collector.check.heads import EventHead, Head, ItemHead, MappingHead
from growingio_tracker.collector.check.times import time_problems
from growingio_tracker.collector.check.values import (
    attribute_problems,
    identity_problems,
    types_of,
)
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import as_object
from growingio_tracker.wire import NOT_USER

CUSTOM: Final = "CUSTOM"

_MAX_VALUE_PROBLEMS: Final = 20
"""Problems noted for the values of one message; more of the same help nobody."""

_NO_TYPE: Final = Problem("missing_event_type", "eventType")
_NO_NAME: Final = Problem("missing_event_name", "eventName")
_NO_TIME: Final = Problem("missing_timestamp", "timestamp")
_NO_SOURCE: Final = Problem("missing_data_source", "dataSourceId")
_NOBODY: Final = Problem("nobody", values={"not_user": NOT_USER})
_NUMBER_AS_USER: Final = Problem("user_id_not_text", "userId")
_NO_ITEM_ID: Final = Problem("missing_item_id", "id")
_NO_ITEM_KEY: Final = Problem("missing_item_key", "key")
_NO_IDENTIFIES: Final = Problem("missing_identifies", "identifies")


class _Members(msgspec.Struct):
    attributes: msgspec.Raw = msgspec.Raw()
    identifies: msgspec.Raw = msgspec.Raw()


_MEMBERS: Final = msgspec.json.Decoder(_Members)


class Members(NamedTuple):
    """The open part of a message: an event's and an item's attributes, a mapping's identities."""

    attributes: dict[str, Any]
    identifies: dict[str, Any]


def read_members(text: bytes) -> Members:
    """Return the open part of a message that is an object; what is no object is empty."""
    found = _MEMBERS.decode(text)
    return Members(_object(found.attributes), _object(found.identifies))


def _object(raw: msgspec.Raw) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        return as_object(msgspec.json.decode(raw)) or {}
    except msgspec.DecodeError:
        # Numbers such as 1e999 are JSON, but only the standard library reads them.
        return as_object(json.loads(bytes(raw), parse_int=_integer)) or {}


def _integer(digits: str) -> int | float:
    # More digits than Python converts at all.
    return int(digits) if len(digits) < 1000 else float(digits)


def head_problems(head: Head, arrival: Arrival) -> Iterator[Problem]:
    """Yield what is wrong with the fields of one message."""
    if isinstance(head, EventHead):
        yield from shape_problems(head.event_type, head.event_name)
        yield from _event_problems(head, arrival)
    elif isinstance(head, ItemHead):
        yield from _item_problems(head)
    elif head.identifies is UNSET:
        yield _NO_IDENTIFIES
    if head.project_key and arrival.project and head.project_key != arrival.project:
        values: dict[str, str | int] = {"project": arrival.project[:100]}
        yield Problem("other_project", "projectKey", {**values, "shown": head.project_key[:100]})


def shape_problems(event_type: str | int | None, name: str | None) -> Iterator[Problem]:
    """Yield what is wrong with every event of this type and name."""
    if event_type in (None, ""):
        yield _NO_TYPE
    if event_type != CUSTOM:
        return
    problem = name_problem(name) if name else _NO_NAME
    if problem:
        yield problem


def _event_problems(head: EventHead, arrival: Arrival) -> Iterator[Problem]:
    if head.data_source_id in (None, ""):
        yield _NO_SOURCE
    if head.timestamp is None:
        yield _NO_TIME
    elif arrival.received_us is not None:
        yield from time_problems(head.timestamp, arrival.received_us)
    if not head.user_id and not head.device_id and head.user_key != NOT_USER:
        yield _NOBODY
    if isinstance(head.user_id, int):
        yield _NUMBER_AS_USER


def _item_problems(head: ItemHead) -> Iterator[Problem]:
    if head.id in (None, ""):
        yield _NO_ITEM_ID
    if not head.key:
        yield _NO_ITEM_KEY


def member_problems(members: Members) -> Iterator[Problem]:
    """Yield what is wrong with the values of one message."""
    yield from islice(attribute_problems(members.attributes), _MAX_VALUE_PROBLEMS)
    yield from islice(identity_problems(members.identifies), _MAX_VALUE_PROBLEMS)


def member_types(head: Head, members: Members) -> tuple[tuple[str, str], ...]:
    """Return the properties with their JSON types; identities are no properties."""
    return () if isinstance(head, MappingHead) else types_of(members.attributes)
