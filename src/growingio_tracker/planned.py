"""Calls defined by a tracking plan, used by modules that ``growingio codegen`` generates.

A generated function declares the attributes for type checkers, and passes their values to one of
these calls, which checks them against the plan and tracks the event. A violation is handled like
any invalid call: it raises, or the event is dropped and counted.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from growingio_tracker.core import PlannedEvent
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.model.events import PresetProperties, ResourceItem
from growingio_tracker.model.planned_values import is_usual, mistake, one_of, usual
from growingio_tracker.model.values import Attributes, EventTime, normalise, pairs
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.errors import GrowingParamException
from growingio_wire.near import hint, hint_zh
from growingio_wire.plan import Property
from growingio_wire.said import Said, joined
from growingio_wire.table import NOT_USER

__all__ = [
    "EventCall",
    "EventTime",
    "ItemCall",
    "PresetProperties",
    "Property",
    "Receipt",
    "ResourceItem",
    "UserCall",
    "deprecated",
    "supplemented",
    "warn_deprecated",
]

if TYPE_CHECKING:
    from typing_extensions import deprecated
else:

    def deprecated(message):
        """Let calls of a function warn, as ``warnings.deprecated`` of 3.13 does."""

        def mark(function):
            @functools.wraps(function)
            def warning(*args, **kwargs):
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                return function(*args, **kwargs)

            warning.__deprecated__ = function.__deprecated__ = message
            return warning

        return mark


def warn_deprecated(message: str) -> None:
    """Warn about a deprecated attribute, at the line that calls the generated function."""
    warnings.warn(message, DeprecationWarning, stacklevel=3)


class _Supplemented(NamedTuple):
    """Subset of a tracker that planned events use."""

    track_custom_event: Callable[..., Receipt]
    refuse: Callable[[GrowingParamException], Receipt]


def supplemented(
    tracker: GrowingTracker, item: ResourceItem | None, preset: PresetProperties | None
) -> GrowingTracker:
    """Return a wrapper of ``tracker`` that adds an item or preset properties to an event."""
    track = functools.partial(tracker.track_custom_event, item=item, preset=preset)
    return cast("GrowingTracker", _Supplemented(track, tracker.refuse))


class _PlannedCall:
    """Base class of planned calls: a name, and one rule for each value.

    :param name: the name of the event or item.
    :param rules: rules by attribute, in the order in which values are passed.
    :param user_keys: the allowed kinds of user ids. Default: all.
    """

    __slots__ = ("_name", "_rules", "_user_keys", "_usual")

    def __init__(
        self, name: str, rules: Mapping[str, Property], user_keys: tuple[str, ...] = ()
    ) -> None:
        self._name = name
        self._rules = rules
        self._usual = tuple(usual(one, wanted) for one, wanted in rules.items())
        self._user_keys = frozenset((*user_keys, NOT_USER)) if user_keys else None

    def _attributes(
        self, values: tuple[object, ...], user_key: str | None = None
    ) -> dict[str, object] | GrowingParamException:
        """Return the attributes, or the reason why they cannot be sent."""
        attributes: dict[str, object] = {}
        fits = user_key is None or self._user_keys is None or user_key in self._user_keys
        for wanted, value in zip(self._usual, values, strict=True):
            if value is not None:
                attributes[wanted.name] = value
            fits = fits and is_usual(wanted, value)
        return attributes if fits else self._judged(attributes, user_key)

    def _with_more(
        self, more: Attributes | None, values: tuple[object, ...], user_key: str | None = None
    ) -> dict[str, object] | GrowingParamException:
        """Return the same, plus unplanned attributes if the plan allows them."""
        attributes = self._attributes(values, user_key)
        if isinstance(attributes, GrowingParamException) or not more:
            return attributes
        try:
            return self._judged({**dict(pairs(more, "more")), **attributes}, user_key)
        except GrowingParamException as error:
            return error

    def _judged(
        self, attributes: dict[str, object], user_key: str | None
    ) -> dict[str, object] | GrowingParamException:
        """Check what will be sent, by the same rules as the collector."""
        sent, _ = normalise(attributes, "attributes")
        mistakes = [
            (name, found.code, found.said)
            for name, wanted in self._rules.items()
            if (found := mistake(wanted, sent.get(name))) is not None
        ]
        keys = self._user_keys
        if user_key is not None and keys is not None and user_key not in keys:
            allowed = one_of(sorted(keys))
            said = Said(
                allowed.en + hint(user_key, keys, repr), allowed.zh + hint_zh(user_key, keys, repr)
            )
            mistakes.append(("login_user_key", "not_in_enum", said))
        if not mistakes:
            return attributes
        told = joined(Said(f"{name} {said.en}", f"{name} {said.zh}") for name, _, said in mistakes)
        name, code, _ = mistakes[0]
        values = {"name": self._name, "mistakes": [(name, code) for name, code, _ in mistakes]}
        said = Said(f"{self._name}: {told.en}", f"{self._name}：{told.zh}")
        return GrowingParamException(said, name, code=code, values=values)


class _SubjectCall(_PlannedCall):
    """Base of planned calls about a visitor or a user."""

    __slots__ = ()

    def track_more(
        self,
        tracker: GrowingTracker,
        more: Attributes | None,
        event_time: EventTime | None,
        anonymous_id: str | None,
        login_user_key: str | None,
        login_user_id: str | None,
        *values: object,
    ) -> Receipt:
        """Do the same with unplanned attributes, for plans that allow them."""
        attributes = self._with_more(more, values, login_user_key)
        if isinstance(attributes, GrowingParamException):
            return tracker.refuse(attributes)
        return self._tracking(tracker)(
            event_time=event_time,
            anonymous_id=anonymous_id,
            login_user_key=login_user_key,
            login_user_id=login_user_id,
            attributes=attributes,
        )

    def _tracking(self, tracker: GrowingTracker) -> Callable[..., Receipt]:
        """Return the method of the tracker that takes what follows the plan."""
        raise NotImplementedError


class EventCall(_SubjectCall):
    """Tracks one planned custom event. The parameters are those of every planned call.

    :ivar track: tracks the event, as :meth:`~growingio_tracker.GrowingTracker.track_custom_event`
        does: ``track(tracker, event_time, anonymous_id, login_user_key, login_user_id, *values)``,
        with one value for each attribute in order, ``None`` to leave it out. Values that violate
        the plan are rejected.
    """

    __slots__ = ("track",)

    def __init__(
        self, name: str, rules: Mapping[str, Property], user_keys: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name, rules, user_keys)
        self.track = PlannedEvent(name, self._usual, self._user_keys, self._track).track

    def _tracking(self, tracker: GrowingTracker) -> Callable[..., Receipt]:
        return functools.partial(tracker.track_custom_event, self._name)

    def _track(self, tracker: GrowingTracker, *given: Any) -> Receipt:
        return self.track_more(tracker, None, *given)


class UserCall(_SubjectCall):
    """Sets the planned attributes of a user."""

    __slots__ = ()

    def track(
        self,
        tracker: GrowingTracker,
        event_time: EventTime | None,
        anonymous_id: str | None,
        login_user_key: str | None,
        login_user_id: str | None,
        *values: object,
    ) -> Receipt:
        """Set them, as :meth:`~growingio_tracker.GrowingTracker.track_user` does.

        :param values: one value for each attribute, in order; ``None`` leaves it out.
        :raises GrowingParamException: if a value violates the plan, unless the tracker drops
            invalid calls.
        """
        return self.track_more(
            tracker, None, event_time, anonymous_id, login_user_key, login_user_id, *values
        )

    def _tracking(self, tracker: GrowingTracker) -> Callable[..., Receipt]:
        return tracker.track_user


class ItemCall(_PlannedCall):
    """Uploads rows of one planned dimension table."""

    __slots__ = ()

    def submit(self, tracker: GrowingTracker, item_id: str, *values: object) -> Receipt:
        """Upload a row; see :meth:`~growingio_tracker.GrowingTracker.submit_item`.

        :param values: as in :meth:`UserCall.track`, with the same error.
        """
        return self.submit_more(tracker, None, item_id, *values)

    def submit_more(
        self, tracker: GrowingTracker, more: Attributes | None, item_id: str, *values: object
    ) -> Receipt:
        """Do the same with unplanned attributes, for plans that allow them."""
        attributes = self._with_more(more, values)
        if isinstance(attributes, GrowingParamException):
            return tracker.refuse(attributes)
        return tracker.submit_item(self._name, item_id, attributes)
