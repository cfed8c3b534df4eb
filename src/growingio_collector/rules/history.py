"""History of earlier messages that verdicts depend on. Its size is bounded."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from growingio_collector.rules.checked import Types
from growingio_collector.rules.issue import WARN, Issue, rule
from growingio_collector.rules.repeats import Repeats
from growingio_wire.said import Said

TYPE_DIFFERS: Final = rule(
    "type_differs",
    WARN,
    Said(
        "{path} is {type:name} here (from {client}), but was {other_type:name} before (from "
        "{other_client}).",
        "{path} 在这里是{type:name}（来自 {client}），之前是{other_type:name}"
        "（来自 {other_client}）。",
    ),
    Said(
        "Send a property with the same type from every client.",
        "同一个属性在所有客户端都应使用同一种类型。",
    ),
    headline=Said("One property with several types", "同一属性有多种类型"),
)

MAX_PROPERTIES: Final = 20_000
"""Maximum number of remembered properties; the types of later ones are not compared."""

_MAX_SOURCES: Final = 32
"""Maximum number of types and clients remembered per property."""

_MAX_SHAPES: Final = 2000
_MAX_SDKS: Final = 1000

_MAX_NAME: Final = 100
"""Maximum length of a remembered name; longer ones are invalid anyway."""

_NULL: Final = "null"
_UNNAMED: Final = "?"


class SeenType(NamedTuple):
    """One observation: a property of an event had this type from this client."""

    kind: str
    name: str
    key: str
    client: str
    type: str


class PropertyTypes:
    """Compares each new type of a property with earlier ones.

    :param seen: what earlier runs saw.
    """

    def __init__(self, seen: Iterable[SeenType] = ()) -> None:
        self._sources: dict[tuple[str, str, str], dict[tuple[str, str], None]] = {}
        for kind, name, key, client, type_ in seen:
            self._note((kind, name, key), (type_, client))

    def note(self, kind: str, name: str, client: str | None, types: Types) -> Iterator[Issue]:
        """Remember the types of one message; yield an issue for each new conflict."""
        if len(name) > _MAX_NAME:
            return
        for key, type_ in types:
            source = (type_, client or "")
            # A null says nothing about the type of the values.
            if type_ != _NULL and (other := self._note((kind, name, key), source)):
                yield _differs(key, source, other)

    def _note(self, place: tuple[str, str, str], source: tuple[str, str]) -> tuple[str, str] | None:
        """Return the first source with another type, if this type is new."""
        known = self._sources.get(place)
        if known is None:
            if len(self._sources) < MAX_PROPERTIES:
                self._sources[place] = {source: None}
            return None
        if source in known or len(known) >= _MAX_SOURCES:
            return None
        known[source] = None
        # A copy: another thread may add a source meanwhile.
        return next((other for other in tuple(known) if other[0] != source[0]), None)


def _differs(key: str, source: tuple[str, str], other: tuple[str, str]) -> Issue:
    return TYPE_DIFFERS.issue(
        f"attributes.{key[:100]}",
        type=source[0],
        client=source[1] or _UNNAMED,
        other_type=other[0],
        other_client=other[1] or _UNNAMED,
    )


class Shape(NamedTuple):
    """Types and issues that all events of one form share."""

    types: Types
    issues: tuple[Issue, ...]


ShapeKey = tuple[object, ...]


class History:
    """Facts remembered from one request to the next.

    Several threads use it without a lock, which a large request could hold for long: every change
    is a single dict operation, and a race costs one comparison at most.

    :param seen: the types of properties that earlier runs saw.
    """

    def __init__(self, seen: Iterable[SeenType] = ()) -> None:
        self.repeats = Repeats()
        self.property_types = PropertyTypes(seen)
        self._shapes: dict[ShapeKey, Shape] = {}
        self._sdks: set[str] = set()
        self.shape_of = self._shapes.get

    def learn(self, key: ShapeKey, shape: Shape) -> None:
        """Remember the form of an event."""
        if len(self._shapes) >= _MAX_SHAPES:
            self._shapes.clear()
        self._shapes[key] = shape

    def is_new_sdk(self, sdk: str) -> bool:
        """Tell whether this SDK is new, and remember it."""
        if sdk in self._sdks or len(self._sdks) >= _MAX_SDKS:
            return False
        self._sdks.add(sdk)
        return True
