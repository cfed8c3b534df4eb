"""What was seen before, as far as a verdict depends on it. All of it is bounded."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from growingio_tracker.collector.check.finding import Types
from growingio_tracker.collector.check.property_types import PropertyTypes, SeenType
from growingio_tracker.collector.check.repeats import Repeats
from growingio_tracker.collector.problems.problem import Problem

_MAX_SHAPES: Final = 2000
_MAX_SDKS: Final = 1000


class Shape(NamedTuple):
    """What all events of one form have in common: these types, and these problems."""

    types: Types
    problems: tuple[Problem, ...]


ShapeKey = tuple[object, ...]


class Memory:
    """What the receiving thread, its only user, remembers from one request to the next.

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
        """Tell whether this SDK has not been spoken of; it has from now on."""
        if sdk in self._sdks or len(self._sdks) >= _MAX_SDKS:
            return False
        self._sdks.add(sdk)
        return True
