"""The query parameters of the API: the filters of events, and refusing what is not known."""

from collections.abc import Iterable
from typing import Any, Final

from starlette.datastructures import QueryParams

from growingio_tracker.collector.api.common import WrongParameterError, number
from growingio_tracker.collector.api.describe import (
    COUNT,
    TEXT,
    Schema,
)
from growingio_tracker.collector.api.describe import (
    query as described,
)
from growingio_tracker.collector.filters import Filter
from growingio_tracker.collector.problems.text import BAD, OK, WARN
from growingio_tracker.collector.rows import REQUEST
from growingio_tracker.wire import Kind

MAX_ID: Final = 2**53
"""Ids and times up to here are exact in every JSON reader."""

STATUSES: Final = (OK, WARN, BAD)
KINDS: Final = (*(kind.value for kind in Kind), REQUEST)

_ATTRIBUTE: Final = "attr."
_TEXTS: Final = ("name", "user", "type", "project", "device", "client", "run", "q", "code")
_NUMBERS: Final = ("since", "until", "request")
FILTERS: Final = (*_TEXTS, "status", "verdict", "kind", *_NUMBERS, _ATTRIBUTE + "KEY")
"""The names of the filters; ``KEY`` stands for an attribute's."""


_ID: Final[Schema] = {**COUNT, "maximum": MAX_ID}
_MEANINGS: Final = {
    "name": "The event's name, or the item's key.",
    "user": "The user id.",
    "device": "The device id.",
    "run": "The part of the host's path that keeps parallel tests apart, or the project.",
    "q": "Text anywhere in the name, the user, the device or the message, in any case.",
    "code": "The code of a problem that the event has.",
    "since": "Received then or later, in Unix milliseconds.",
    "until": "Received then or earlier, in Unix milliseconds.",
    "request": "The id of the request it came in.",
}
DESCRIBED_FILTERS: Final = (
    *(described(name, TEXT, _MEANINGS.get(name, "")) for name in _TEXTS),
    *(described(name, _ID, _MEANINGS[name]) for name in _NUMBERS),
    described("status", {"enum": list(STATUSES)}, "The verdict."),
    described("verdict", {"enum": list(STATUSES)}, "The same as status."),
    described("attr.KEY", TEXT, "The attribute named KEY has this value, compared as text."),
)
"""The filters that every kind of event has, for OpenAPI."""

DESCRIBED_KIND: Final = described("kind", {"enum": list(KINDS)})


def described_number(name: str, meaning: str, most: float = MAX_ID) -> Schema:
    """Return the OpenAPI parameter of a whole number from 0 to ``most``."""
    return described(name, {**COUNT, "maximum": most}, meaning)


def only_known(query: QueryParams, known: Iterable[str]) -> None:
    """Refuse parameters that are not among ``known``.

    :raises WrongParameterError: naming the first of them, or one that is given twice.
    """
    names = sorted(known)
    given = [name for name, _ in query.multi_items()]
    for name in query:
        if given.count(name) > 1:
            raise WrongParameterError(f"{name[:40]!r} is given more than once.")
        if name not in names and not (_ATTRIBUTE + "KEY" in names and name.startswith(_ATTRIBUTE)):
            listed = ", ".join(names) or "none"
            raise WrongParameterError(f"There is no parameter {name[:40]!r}; known are: {listed}.")


def read_filter(query: QueryParams, *others: str, kind: str | None = None) -> Filter:
    """Return the filter that ``query`` describes.

    :param others: further parameters that the call knows.
    :param kind: the only kind that is meant; None lets the query choose.
    :raises WrongParameterError: when a parameter is unknown or has a wrong value.
    """
    known = [name for name in FILTERS if kind is None or name != "kind"]
    only_known(query, (*known, *others))
    values: dict[str, Any] = {name: query.get(name) for name in _TEXTS}
    values |= {name: row_id(query, name) for name in _NUMBERS}
    status, verdict = (one_of(query, name, STATUSES) for name in ("status", "verdict"))
    values["verdict"] = status or verdict
    values["kind"] = kind or one_of(query, "kind", KINDS)
    return Filter(**values, attributes=_attributes(query))


def _attributes(query: QueryParams) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name[len(_ATTRIBUTE) :], value)
        for name, value in query.items()
        if name.startswith(_ATTRIBUTE)
    )


def one_of(query: QueryParams, name: str, values: tuple[str, ...]) -> str | None:
    """Return a parameter that has a fixed set of values, None when it is absent.

    :raises WrongParameterError: when it has another value.
    """
    value = query.get(name)
    if value is not None and value not in values:
        raise WrongParameterError(f"{name} is {' or '.join(values)}, not {value[:40]!r}.")
    return value


def row_id(query: QueryParams, name: str) -> int | None:
    """Return a parameter that is an id or a time, None when it is absent.

    :raises WrongParameterError: when it is anything but a number from 0 to ``MAX_ID``.
    """
    return number(query, name, int, 0, MAX_ID) if name in query else None
