"""Planned events in the pure core: calls whose attributes are known in advance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from growingio_tracker.core.contract import NOT_PLAIN, NotPlain
from growingio_tracker.core.inputs import USUAL_TYPES, UsualValues
from growingio_tracker.core.pure_calls import CheckedAttributes

_LARGEST: Final = sys.float_info.max
_MOST_COMBINATIONS: Final = 64
_NONE: Final = type(None)
_T = TypeVar("_T")


# What is left to check once the types of the values are known to be usual: the allowed values by
# position, the bounds of numbers by position, and what makes the attributes that are encoded. It is
# no NamedTuple, because Python unpacks a plain tuple in less time.
_Choices: TypeAlias = tuple[tuple[int, frozenset[object]], ...]
_Ranges: TypeAlias = tuple[tuple[int, float, float], ...]
_MakeAttributes: TypeAlias = Callable[..., msgspec.Struct | None]
_Checks: TypeAlias = tuple[_Choices, _Ranges, _MakeAttributes]


class PlannedEvent(Generic[_T]):
    """The calls of one event whose attributes are known beforehand.

    Calls pass few combinations of types, so each is examined once and remembered.

    :param name: the event's name.
    :param values: the usual values, in the order in which calls pass them.
    :param user_keys: the allowed kinds of user ids; ``None`` allows all.
    :param slow: tracks or refuses an event that is not usual.
    :ivar track: tracks an event of a tracker, or calls ``slow``.
    """

    __slots__ = ("_attributes_type", "_checks", "_user_keys", "_values", "track")

    def __init__(
        self,
        name: str,
        values: tuple[UsualValues, ...],
        user_keys: frozenset[str] | None,
        slow: Callable[..., _T],
    ) -> None:
        self._values = values
        self._user_keys = user_keys
        self._checks: dict[tuple[type, ...], _Checks] = {}
        self._attributes_type: _MakeAttributes | None = None
        self.track = self._tracking(name, slow)

    def _tracking(self, name: str, slow: Callable[..., _T]) -> Callable[..., _T]:
        known, learn, may_be_about = self._checks, self._learn, self._may_be_about

        # Written out, with what it needs in local variables, because it runs on every call.
        def track(
            tracker: Any, event_time: Any, visitor: Any, key: Any, user: Any, *values: Any
        ) -> _T:
            types = tuple(map(type, values))
            try:
                checks: _Checks | None = known[types]
            except KeyError:
                checks = learn(types)
            if (
                checks is None
                or event_time is not None
                or (
                    (type(user) is not str or not user or key is not None or visitor is not None)
                    and not may_be_about(visitor, key, user)
                )
            ):
                return slow(tracker, event_time, visitor, key, user, *values)
            choices, ranges, attributes = checks
            for seq, allowed in choices:
                if values[seq] not in allowed:
                    return slow(tracker, event_time, visitor, key, user, *values)
            for seq, low, high in ranges:
                if not low <= values[seq] <= high:
                    return slow(tracker, event_time, visitor, key, user, *values)
            try:
                calls = tracker.plain_calls if tracker.own_binding is None else None
            except AttributeError:  # not a tracker of this package
                calls = None
            if calls is not None:
                receipt: _T | NotPlain = calls.track(name, key, user, visitor, attributes(*values))
                if receipt is not NOT_PLAIN:
                    return receipt
            return slow(tracker, event_time, visitor, key, user, *values)

        return track

    def _may_be_about(self, visitor: object, key: object, user: object) -> bool:
        """Return whether a user or visitor is plain."""
        if key is not None and (type(key) is not str or not key or user is None):
            return False
        if key is not None and self._user_keys is not None and key not in self._user_keys:
            return False
        given = [one for one in (visitor, user) if one is not None]
        return bool(given) and all(type(one) is str and one for one in given)

    def _learn(self, types: tuple[type, ...]) -> _Checks | None:
        """Return the checks for values of these types; ``None`` if they are not usual."""
        if len(types) != len(self._values):
            raise TypeError(f"track() takes {len(self._values)} values, got {len(types)}")
        seen = list(zip(self._values, types, strict=True))
        if not all(_is_usual(usual, type_) for usual, type_ in seen):
            return None
        attributes = _nothing if all(one is _NONE for one in types) else self._attributes()
        if attributes is None:
            return None
        checks = (tuple(_choices(seen)), tuple(_ranges(seen)), attributes)
        if len(self._checks) >= _MOST_COMBINATIONS:
            self._checks.clear()
        self._checks[types] = checks
        return checks

    def _attributes(self) -> _MakeAttributes | None:
        """Return what makes the attributes, created once; ``None`` if it cannot be."""
        if self._attributes_type is None:
            names = {f"value{seq}": one.name for seq, one in enumerate(self._values)}
            fields = [(name, Any, None) for name in names]
            try:
                self._attributes_type = msgspec.defstruct(
                    *("Attributes", fields),
                    bases=(CheckedAttributes,),
                    omit_defaults=True,
                    rename=names,
                    gc=False,
                )
            except ValueError:  # a name with a quote
                return None
        return self._attributes_type


def _nothing(*values: None) -> None:
    """Return the attributes of an event without any."""


def _is_usual(usual: UsualValues, type_: type) -> bool:
    if type_ is _NONE:
        return not usual.is_required
    return type_ in USUAL_TYPES.get(usual.type, ())


def _choices(seen: list[tuple[UsualValues, type]]) -> Iterator[tuple[int, frozenset[object]]]:
    for seq, (usual, type_) in enumerate(seen):
        if usual.allowed is not None and type_ is not _NONE:
            yield seq, usual.allowed


def _ranges(seen: list[tuple[UsualValues, type]]) -> Iterator[tuple[int, float, float]]:
    """Yield the bounds of numbers; those of a float exclude NaN and the infinities."""
    for seq, (usual, type_) in enumerate(seen):
        if type_ is float:
            yield seq, max(usual.low, -_LARGEST), min(usual.high, _LARGEST)
        elif usual.is_bounded and type_ is not _NONE:
            yield seq, usual.low, usual.high
