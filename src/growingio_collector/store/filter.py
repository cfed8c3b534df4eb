"""Filter of events: the SQL for matching events, and the reasons why others do not match.

The API, waits, exports, the page and the pytest fixture all choose events by this table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple, TypedDict

import msgspec

from growingio_collector.store.rows import Event
from growingio_wire.errors import invalid
from growingio_wire.json_text import (
    as_text,
    attribute_is,
    is_json,
    mentions,
    written_attributes,
)
from growingio_wire.near import hint, hint_zh
from growingio_wire.said import Said

MAX_ID: Final = 2**53
"""Largest id or time that every JSON parser reads exactly."""

_SHOWN_CHARACTERS: Final = 100

RowId = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
Verdict = Literal["ok", "warn", "bad"]
EventKind = Literal["event", "item", "mapping", "request"]


class Filters(TypedDict, total=False):
    """The filters as keyword arguments; None, or omitting one, matches anything.

    ``name`` is the event name, for an item its key; ``type`` the event type; ``project`` the
    project's id; ``user`` the user id and ``device`` the device id; ``kind`` is ``"event"``,
    ``"item"``, ``"mapping"``, or ``"request"`` for requests that could not be read; ``verdict``
    is ``"ok"``, ``"warn"`` or ``"bad"``; ``client`` names an SDK (``"Python 1.0.5"``); ``run`` is
    the part of the host's path that keeps parallel tests apart. ``since`` and ``until`` bound the
    time of receipt, in Unix milliseconds, both included. ``attributes`` must all be there with
    these values, compared as text. ``q`` must occur in the name, the user, the device or the
    message, in upper or lower case. ``code`` is the code of a problem the event must have.
    ``request`` is the id of the request it came in. ``after`` is a cursor: only events with a
    greater id.
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
    after: int | None


def _meaning(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters as one immutable value; None, or no attributes, matches anything."""

    name: Annotated[str, _meaning("The event's name, or the item's key.")] | None = None
    user: Annotated[str, _meaning("The user id.")] | None = None
    kind: EventKind | None = None
    verdict: Annotated[Verdict, _meaning("The worst level of its problems.")] | None = None
    type: str | None = None
    project: str | None = None
    device: Annotated[str, _meaning("The device id.")] | None = None
    client: str | None = None
    run: Annotated[str, _meaning("Part of the host's path, or the project.")] | None = None
    request: Annotated[RowId, _meaning("The id of the request it came in.")] | None = None
    since: Annotated[RowId, _meaning("Received then or later, in Unix milliseconds.")] | None = None
    until: Annotated[RowId, _meaning("Received then or earlier.")] | None = None
    after: Annotated[RowId, _meaning("Only greater ids.")] | None = None
    attributes: Annotated[tuple[tuple[str, str], ...], _meaning("The value of KEY, as text.")] = ()
    code: Annotated[str, _meaning("The code of a problem that the event has.")] | None = None
    q: Annotated[str, _meaning("Text in name, user, device or message.")] | None = None


def make_filter(filters: Filters) -> Filter:
    """Return the filter for these keyword arguments.

    :raises GrowingParamException: if one of them is unknown.
    """
    known = Filter.__struct_fields__
    for name in filters:
        if name not in known:
            listed = ", ".join(known)
            raise invalid(
                f"{name}: unknown filter{hint(name, known)}; known are {listed}.",
                f"{name}：未知的筛选条件{hint_zh(name, known)}；可用的有 {listed}。",
                name,
            )
    values: dict[str, Any] = {**filters}
    values["attributes"] = tuple((filters.get("attributes") or {}).items())
    return Filter(**values)


Condition = tuple[str, tuple[Any, ...]]
"""A condition over the table ``event`` in SQL, and its values."""


class _Field(NamedTuple):
    """One filter: its conditions in SQL, and why an event does not match it."""

    conditions: Callable[[Any], Iterable[Condition]]
    reasons: Callable[[Event, Any], Iterable[Said]]


def _column(name: str, column: str) -> _Field:
    """Return the filter for one column, which is also an attribute of ``Event``."""

    def conditions(asked: object) -> Iterator[Condition]:
        yield f"{column} = ?", (asked,)

    def reasons(event: Event, asked: object) -> Iterator[Said]:
        found = getattr(event, column)
        if found != asked:
            yield _different(name, found, asked)

    return _Field(conditions, reasons)


def _different(name: str, found: object, asked: object) -> Said:
    if found is None:
        said = Said("{name} is absent, not {asked}", "缺少 {name}，应为 {asked}")
        return said.with_values(name=_short(name), asked=_short(asked))
    said = Said("{name} is {found}, not {asked}", "{name} 是 {found}，不是 {asked}")
    return said.with_values(name=_short(name), found=_short(found), asked=_short(asked))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _since(asked: int) -> Iterator[Condition]:
    yield "received_us >= ?", (asked * 1000,)


def _too_early(event: Event, asked: int) -> Iterator[Said]:
    if event.received_ms < asked:
        said = Said("it arrived {early} ms before since", "比 since 早 {early} 毫秒")
        yield said.with_values(early=asked - event.received_ms)


def _until(asked: int) -> Iterator[Condition]:
    yield "received_us < ?", ((asked + 1) * 1000,)


def _too_late(event: Event, asked: int) -> Iterator[Said]:
    if event.received_ms > asked:
        said = Said("it arrived {late} ms after until", "比 until 晚 {late} 毫秒")
        yield said.with_values(late=event.received_ms - asked)


def _after(asked: int) -> Iterator[Condition]:
    yield "id > ?", (asked,)


def _before_cursor(event: Event, asked: int) -> Iterator[Said]:
    if event.id <= asked:
        said = Said("its id is {id}, not after {asked}", "它的 id 是 {id}，不在 {asked} 之后")
        yield said.with_values(id=event.id, asked=asked)


# A message may spell any character as \uXXXX, so a search for plain text alone would miss some.
_HOLDS: Final = "(instr(json, ?) OR instr(json, char(92)))"


def _has_attributes(asked: tuple[tuple[str, str], ...]) -> Iterator[Condition]:
    for key, value in asked:
        yield _HOLDS, (key,)
        # Only for strings: numbers and objects can be written in many ways.
        if not is_json(value):
            yield _HOLDS, (value,)
        yield "attribute_is(json, ?, ?)", (key, value)


def _other_attributes(event: Event, asked: tuple[tuple[str, str], ...]) -> Iterator[Said]:
    text = bytes(event.raw).decode()
    attributes = written_attributes(text)
    for key, value in asked:
        if key not in attributes:
            said = Said("it has no attribute {key}", "没有属性 {key}")
            yield said.with_values(key=_short(key))
        elif not attribute_is(text, key, value):
            yield _different(f"attr.{key}", as_text(attributes[key]), value)


_HAS_PROBLEM: Final = "EXISTS (SELECT 1 FROM problem WHERE event_id = event.id AND code = ?)"


def _has_problem(asked: str) -> Iterator[Condition]:
    yield _HAS_PROBLEM, (asked,)


def _no_such_problem(event: Event, asked: str) -> Iterator[Said]:
    if asked not in {issue.code for issue in event.issues}:
        yield Said("it has no problem {code}", "没有问题 {code}").with_values(code=asked)


_SEARCHED: Final = "coalesce(name, '') || char(10) || coalesce(user_id, '') || char(10) || \
coalesce(device_id, '') || char(10) || coalesce(json, '')"


def _is_mentioned(asked: str) -> Iterator[Condition]:
    # SQLite's lower() knows only ASCII.
    yield f"mentions({_SEARCHED}, ?)", (asked,)


def _not_mentioned(event: Event, asked: str) -> Iterator[Said]:
    message = bytes(event.raw).decode()
    own = (event.name or "", event.user_id or "", event.device_id or "", message)
    if not mentions("\n".join(own), asked):
        yield Said("{q} is not in it", "其中没有 {q}").with_values(q=_short(asked))


_FIELDS: Final[Mapping[str, _Field]] = {
    "name": _column("name", "name"),
    "user": _column("user", "user_id"),
    "kind": _column("kind", "kind"),
    "verdict": _column("verdict", "verdict"),
    "type": _column("type", "type"),
    "project": _column("project", "project"),
    "device": _column("device", "device_id"),
    "client": _column("client", "client"),
    "run": _column("run", "run"),
    "request": _column("request", "request_id"),
    "since": _Field(_since, _too_early),
    "until": _Field(_until, _too_late),
    "after": _Field(_after, _before_cursor),
    "attributes": _Field(_has_attributes, _other_attributes),
    "code": _Field(_has_problem, _no_such_problem),
    "q": _Field(_is_mentioned, _not_mentioned),
}


def _asked(wanted: Filter) -> Iterator[tuple[_Field, Any]]:
    for name, field in _FIELDS.items():
        value = getattr(wanted, name)
        if value not in (None, ()) and (value or name != "q"):
            yield field, value


def where(wanted: Filter, *others: Condition) -> tuple[str, list[Any]]:
    """Return the WHERE clause over the table ``event``, and its values, in order."""
    conditions = [*others]
    for field, value in _asked(wanted):
        conditions += field.conditions(value)
    clause = " AND ".join(condition for condition, _ in conditions)
    values = [value for _, several in conditions for value in several]
    return (f"WHERE {clause}" if clause else ""), values


def why_not(event: Event, wanted: Filter) -> tuple[Said, ...]:
    """Return every reason why ``event`` does not match; empty if it does."""
    return tuple(
        reason for field, value in _asked(wanted) for reason in field.reasons(event, value)
    )
