"""Messages before and after their check, and the facts known from their request."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

import msgspec

from growingio_collector.rules.issue import BAD, OK, WARN, Issue
from growingio_wire.json_text import LongNumber

REQUEST: Final = "request"
"""Kind of the row for a request from which no message could be read."""

_REASONS: Final = 20
"""Maximum number of reasons in the response of strict mode."""

_MAX_ISSUES: Final = 5000
"""Maximum number of issues stored per request."""

Types: TypeAlias = tuple[tuple[str, str], ...]
"""Property keys of a message, each with the JSON type of its value."""

MAX_KEY: Final = 100
"""Characters of a property's key: the limit of the Web SDK."""

MAX_TYPES: Final = 200
"""Properties of one message whose types are noted."""

JSON_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
    LongNumber: "number",
}
"""The name of the JSON type of each Python value that a message may hold."""


class DecodedMessage(msgspec.Struct, frozen=True, gc=False):
    """The JSON text of one message, and what was found wrong while it was decoded.

    ``text`` is None when the message could not be read at all.
    """

    text: bytes | None
    issues: tuple[Issue, ...] = ()


class Arrival(NamedTuple):
    """Facts about the request of messages. Checks skip whatever is None.

    ``received_us`` is the time of receipt in Unix microseconds; ``project`` is the one in the
    path, ``stm`` the query's, ``client`` the sending SDK's name.
    """

    received_us: int | None = None
    project: str | None = None
    client: str | None = None
    method: str = "POST"
    stm: str | None = None


class CheckedMessage(msgspec.Struct, frozen=True, gc=False):
    """One checked message, ready to be stored; ``Event`` describes its fields.

    ``types`` are the message's properties, each with the JSON type of its value.
    """

    kind: str
    type: str | None = None
    name: str | None = None
    user_key: str | None = None
    user_id: str | None = None
    device_id: str | None = None
    timestamp: int | None = None
    text: str | None = None
    issues: tuple[Issue, ...] = ()
    types: Types = ()

    @property
    def verdict(self) -> str:
        """The worst level among the issues."""
        for issue in self.issues:
            if issue.level == BAD:
                return BAD
        return WARN if self.issues else OK


def unreadable(reason: Issue) -> CheckedMessage:
    """Return the row of a request from which no message could be read."""
    return CheckedMessage(REQUEST, issues=(reason,))


def without_repeated(message: CheckedMessage) -> CheckedMessage:
    """Return the message without repeated issues."""
    unique: list[Issue] = []
    for issue in message.issues:
        if issue not in unique:
            unique.append(issue)
    return msgspec.structs.replace(message, issues=tuple(unique))


def with_issues(message: CheckedMessage, issues: Iterable[Issue]) -> CheckedMessage:
    """Return the message with its issues replaced.

    An issue with nothing but a code gets its place and values from the message's own issue of that
    code.
    """
    own = list(message.issues)
    return msgspec.structs.replace(message, issues=tuple(_full(issue, own) for issue in issues))


def _full(issue: Issue, own: list[Issue]) -> Issue:
    if issue.path or issue.values:
        return issue
    found = next((one for one in own if one.code == issue.code), None)
    if found is None:
        return issue
    own.remove(found)
    return found


def without(messages: Iterable[CheckedMessage], codes: frozenset[str]) -> list[CheckedMessage]:
    """Return the messages without their issues of these codes."""
    return [
        message
        if codes.isdisjoint(issue.code for issue in message.issues)
        else msgspec.structs.replace(
            message, issues=tuple(one for one in message.issues if one.code not in codes)
        )
        for message in messages
    ]


def bounded(messages: list[CheckedMessage]) -> list[CheckedMessage]:
    """Return the messages of one request with a bounded number of issues.

    Verdicts stay the same: where issues are dropped, bad ones are kept first.
    """
    if sum(len(message.issues) for message in messages) <= _MAX_ISSUES:
        return messages
    most = max(1, _MAX_ISSUES // len(messages))
    return [
        message
        if len(message.issues) <= most
        else msgspec.structs.replace(message, issues=_worst(message.issues, most))
        for message in messages
    ]


def _worst(issues: tuple[Issue, ...], most: int) -> tuple[Issue, ...]:
    return tuple(sorted(issues, key=lambda issue: issue.level != BAD)[:most])


def has_bad(messages: Iterable[CheckedMessage]) -> bool:
    """Tell whether one of them is bad."""
    return any(message.verdict == BAD for message in messages)


def reasons(messages: Iterable[CheckedMessage]) -> str:
    """Return one line per bad issue: the number of the message, and what to do."""
    lines = [
        f"event {number}: {issue.sentence} {issue.fix}"
        for number, message in enumerate(messages, 1)
        for issue in message.issues
        if issue.level == BAD
    ]
    more = [f"… and {len(lines) - _REASONS} more"] if len(lines) > _REASONS else []
    return "\n".join([*lines[:_REASONS], *more])


def types_of(members: Mapping[str, object]) -> Types:
    """Return the keys with the JSON types of their values, without overlong keys."""
    return tuple(
        (key, JSON_TYPES[type(value)])
        for key, value in islice(members.items(), MAX_TYPES)
        if len(key) <= MAX_KEY
    )
