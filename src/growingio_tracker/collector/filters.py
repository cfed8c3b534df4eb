"""Which events are meant: one value with all filters, and the SQL that it stands for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypedDict

import msgspec

from growingio_tracker.exceptions import GrowingParamException


class Filters(TypedDict, total=False):
    """The filters as keyword arguments; leave one out, or give None, to accept anything.

    ``name`` is the event name, for an item its key; ``type`` the event type; ``project`` the
    project's id; ``user`` the user id and ``device`` the device id; ``kind`` is ``"event"``,
    ``"item"``, ``"mapping"``, or ``"request"`` for requests that could not be read; ``verdict``
    is ``"ok"``, ``"warn"`` or ``"bad"``; ``client`` names an SDK (``"Python 1.0.5"``); ``run`` is
    the part of the host's path that keeps parallel tests apart. ``since`` and ``until`` bound the
    time of receipt, in Unix milliseconds, both included. ``attributes`` must all be there with
    these values, compared as text. ``q`` must occur in the name, the user, the device or the
    message, in upper or lower case. ``code`` is the code of a problem the event must have.
    ``request`` is the id of the request it came in.
    """

    name: str | None
    user: str | None
    kind: str | None
    verdict: str | None
    type: str | None
    project: str | None
    device: str | None
    client: str | None
    run: str | None
    since: int | None
    until: int | None
    attributes: Mapping[str, str] | None
    q: str | None
    code: str | None
    request: int | None


class Filter(NamedTuple):
    """The same as one immutable value; None, or no attributes, means any."""

    name: str | None = None
    user: str | None = None
    kind: str | None = None
    verdict: str | None = None
    type: str | None = None
    project: str | None = None
    device: str | None = None
    client: str | None = None
    run: str | None = None
    since: int | None = None
    until: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    q: str | None = None
    code: str | None = None
    request: int | None = None


def make_filter(filters: Filters) -> Filter:
    """Return the value that the keyword arguments stand for.

    :raises GrowingParamException: when one of them is unknown.
    """
    unknown = sorted(set(filters) - set(Filter._fields))
    if unknown:
        known = ", ".join(Filter._fields)
        raise GrowingParamException(f"{unknown[0]}: there is no such filter; known are {known}.")
    values: dict[str, Any] = {**filters}
    values["attributes"] = tuple((filters.get("attributes") or {}).items())
    return Filter(**values)


COLUMNS: Final[Mapping[str, str]] = {
    "name": "name",
    "user": "user_id",
    "kind": "kind",
    "verdict": "verdict",
    "type": "type",
    "project": "project",
    "device": "device_id",
    "client": "client",
    "run": "run",
    "request": "request_id",
}
"""The filters that ask for one value, and the column (and attribute of an event) that has it."""

_SEARCHED: Final = "coalesce(name, '') || char(10) || coalesce(user_id, '') || char(10) || \
coalesce(device_id, '') || char(10) || coalesce(json, '')"

# A message may spell any character as \uXXXX, so a search for plain text alone would miss some.
_HOLDS: Final = "(instr(json, ?) OR instr(json, char(92)))"
_TEXT: Final = (
    f"(instr(lower({_SEARCHED}), lower(?)) OR (instr(json, char(92)) AND mentions(json, ?)))"
)
_PROBLEM: Final = "EXISTS (SELECT 1 FROM problem WHERE event_id = event.id AND code = ?)"

Condition = tuple[str, tuple[Any, ...]]


def _conditions(wanted: Filter) -> Iterator[Condition]:
    for name, column in COLUMNS.items():
        value = getattr(wanted, name)
        if value is not None:
            yield f"{column} = ?", (value,)
    if wanted.since is not None:
        yield "received_us >= ?", (wanted.since * 1000,)
    if wanted.until is not None:
        yield "received_us < ?", ((wanted.until + 1) * 1000,)
    if wanted.code is not None:
        yield _PROBLEM, (wanted.code,)
    for key, value in wanted.attributes:
        yield _HOLDS, (key,)
        if _is_text(value):
            yield _HOLDS, (value,)
        yield "attribute_is(json, ?, ?)", (key, value)
    if wanted.q:
        yield _TEXT, (wanted.q, wanted.q)


def _is_text(value: str) -> bool:
    """Tell whether only a text can read so: a number or an object may be written in many ways."""
    try:
        msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return True
    return False


def where(wanted: Filter, *others: Condition) -> tuple[str, list[Any]]:
    """Return the WHERE clause over the table ``event``, and its values, in order."""
    conditions = [*others, *_conditions(wanted)]
    clause = " AND ".join(condition for condition, _ in conditions)
    values = [value for _, several in conditions for value in several]
    return (f"WHERE {clause}" if clause else ""), values
