"""Tracking plans: the model of their events, items, users and attributes.

The other modules of the package read plans in all formats, and check values against them.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from growingio_wire.table import Kind

ALLOW: Final = "allow"
WARN: Final = "warn"
REFUSE: Final = "refuse"
ADDITIONAL: Final = (ALLOW, WARN, REFUSE)
"""Treatment of unplanned attributes: allow, warn or refuse."""

USER: Final = "user"
"""The section of users' attributes, besides those of the kinds of message."""

LOGIN_USER: Final = "LOGIN_USER"
"""The event type of messages that set users' attributes; the one name of their section."""

Deprecation = bool | str


class Property(msgspec.Struct, frozen=True):
    """One planned attribute.

    ``type`` is a name of ``TYPES``; None means any. ``enum`` are the allowed values as
    text, empty when all are. ``pattern`` is a regular expression for the whole value, ``min`` and
    ``max`` are the bounds of a number, None when there is none. ``deprecated`` is True, or the text
    that says what to use instead.
    """

    type: str | None = None
    description: str = ""
    required: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    min: float | None = None
    max: float | None = None
    deprecated: Deprecation = False

    @property
    def range(self) -> str:
        """The bounds, such as ``0 … 100``; empty if there are none."""
        if self.min is None and self.max is None:
            return ""
        low, high = (_bound(self.min, "-∞"), _bound(self.max, "∞"))
        return f"{low} … {high}"

    def matches(self, text: str) -> bool:
        """Tell whether ``text`` matches the pattern; true if there is none."""
        return self.pattern is None or re.fullmatch(self.pattern, text) is not None


class Planned(msgspec.Struct, frozen=True):
    """One planned event or item.

    ``aliases`` are wrong names in use. ``deprecated`` is as for a property.
    """

    description: str = ""
    deprecated: Deprecation = False
    additional: str = WARN
    aliases: tuple[str, ...] = ()
    attributes: dict[str, Property] = {}


class Lookup(NamedTuple):
    """The name under which a message is looked up, and the planned ones.

    ``section`` is ``"event"``, ``"item"`` or ``"user"``.
    """

    section: str
    known: Mapping[str, Planned]
    name: str


class Plan(msgspec.Struct, frozen=True):
    """Planned events, items and users, by name. A kind that the plan does not list is None.

    ``users`` has one name, ``LOGIN_USER``. ``user_keys`` are the kinds of user ids; empty when all
    are.
    """

    events: dict[str, Planned] | None = None
    items: dict[str, Planned] | None = None
    users: dict[str, Planned] | None = None
    user_keys: tuple[str, ...] = ()

    @property
    def sections(self) -> Mapping[str, Mapping[str, Planned]]:
        """Sections that the plan contains."""
        found = {Kind.EVENT.value: self.events, Kind.ITEM.value: self.items, USER: self.users}
        return {name: planned for name, planned in found.items() if planned is not None}

    def lookup(self, kind: str, type_: str | None, name: str | None) -> Lookup | None:
        """Return the name under which a message is looked up; None if the plan does not cover it.

        A message without a name, such as a page view, is looked up by its event type, but only if
        that is planned: SDKs send several types on their own.
        """
        if kind == Kind.ITEM.value:
            return Lookup(kind, self.items, name) if self.items is not None and name else None
        if kind != Kind.EVENT.value:
            return None
        if self.users is not None and type_ == LOGIN_USER and not name:
            return Lookup(USER, self.users, LOGIN_USER)
        name = name or (type_ if type_ in (self.events or {}) else None)
        return Lookup(kind, self.events, name) if self.events is not None and name else None

    def others_with(self, attribute: str, section: str, name: str) -> list[str]:
        """Return the names in a section, except ``name``, that have an attribute."""
        known = self.sections.get(section, {})
        return [
            one for one, planned in known.items() if attribute in planned.attributes and one != name
        ]


def _bound(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.15g}"


def deprecation(value: Deprecation) -> str:
    """Return what to use instead, without a full stop; empty when the plan does not say."""
    return value.rstrip(".。 ") if isinstance(value, str) else ""
