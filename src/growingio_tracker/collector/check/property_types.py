"""Which properties have been seen with which JSON types, from which client."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from growingio_tracker.collector.check.finding import Types
from growingio_tracker.collector.problems.problem import Problem

MAX_PROPERTIES: Final = 20_000
"""Properties remembered; of those that come later, no type is compared."""

_MAX_SOURCES: Final = 32
"""Types from different clients remembered for one property."""

_MAX_NAME: Final = 100
"""Characters of a name; what has a longer one is wrong anyway and not worth memory."""

_NULL: Final = "null"
_UNNAMED: Final = "?"


class SeenType(NamedTuple):
    """One row of what was seen: this property of this event had this type from this client."""

    kind: str
    name: str
    key: str
    client: str
    type: str


class PropertyTypes:
    """Compares every new type of a property with those it had before.

    :param seen: what earlier runs saw.
    """

    def __init__(self, seen: Iterable[SeenType] = ()) -> None:
        self._sources: dict[tuple[str, str, str], dict[tuple[str, str], None]] = {}
        for kind, name, key, client, type_ in seen:
            self._note((kind, name, key), (type_, client))

    def note(self, kind: str, name: str, client: str | None, types: Types) -> Iterator[Problem]:
        """Remember the types of one message; yield a problem for each that is new and differs."""
        if len(name) > _MAX_NAME:
            return
        for key, type_ in types:
            source = (type_, client or "")
            # A null says nothing about the type of the values.
            if type_ != _NULL and (other := self._note((kind, name, key), source)):
                yield _differs(key, source, other)

    def _note(self, place: tuple[str, str, str], source: tuple[str, str]) -> tuple[str, str] | None:
        """Return the first source with another type, if this one is new."""
        known = self._sources.get(place)
        if known is None:
            if len(self._sources) < MAX_PROPERTIES:
                self._sources[place] = {source: None}
            return None
        if source in known or len(known) >= _MAX_SOURCES:
            return None
        known[source] = None
        return next((other for other in known if other[0] != source[0]), None)


def _differs(key: str, source: tuple[str, str], other: tuple[str, str]) -> Problem:
    return Problem(
        "type_differs",
        f"attributes.{key[:100]}",
        {
            "type": source[0],
            "client": source[1] or _UNNAMED,
            "other_type": other[0],
            "other_client": other[1] or _UNNAMED,
        },
    )
