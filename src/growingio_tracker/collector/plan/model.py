"""A tracking plan as it is after reading and checking."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from growingio_tracker.collector.rows import as_object, read_object
from growingio_tracker.wire import Kind

ALLOW: Final = "allow"
WARN: Final = "warn"
REFUSE: Final = "refuse"
ADDITIONAL: Final = (ALLOW, WARN, REFUSE)
"""What to say of attributes that are not planned: nothing, a warning, or that they are bad."""

Deprecation = bool | str


class Property(msgspec.Struct, frozen=True):
    """One planned attribute.

    ``type`` is a name of ``values.TYPES``; None means any. ``enum`` are the allowed values as
    text, empty when all are. ``pattern`` is a regular expression for the whole value, None when
    there is none. ``deprecated`` is True, or the text that says what to use instead.
    """

    type: str | None = None
    description: str = ""
    required: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    deprecated: Deprecation = False

    def matches(self, text: str) -> bool:
        """Tell whether ``text`` has the pattern; true when there is none."""
        return self.pattern is None or re.fullmatch(self.pattern, text) is not None


class Planned(msgspec.Struct, frozen=True):
    """One planned event or item.

    ``aliases`` are names that are used for it by mistake. ``deprecated`` is as for a property.
    """

    description: str = ""
    deprecated: Deprecation = False
    additional: str = WARN
    aliases: tuple[str, ...] = ()
    attributes: dict[str, Property] = {}


class Plan(msgspec.Struct, frozen=True):
    """What is planned, by name. None for a kind means that the plan does not speak of it."""

    events: dict[str, Planned] | None = None
    items: dict[str, Planned] | None = None

    def of(self, kind: str) -> Mapping[str, Planned] | None:
        """Return what is planned of ``kind``; None when such messages are not judged."""
        if kind == Kind.EVENT.value:
            return self.events
        return self.items if kind == Kind.ITEM.value else None

    def subject(self, kind: str, type_: str | None, name: str | None) -> str | None:
        """Return under which name a message is looked up; None when it is not judged.

        That is its name. A message without one, such as a page view, goes by its event type, and
        only if that is planned: SDKs send several of those by themselves.
        """
        planned = self.of(kind)
        if planned is None or name:
            return None if planned is None else name
        return type_ if type_ in planned else None


def deprecation(value: Deprecation) -> str:
    """Return what to use instead, without a full stop; empty when the plan does not say."""
    return value.rstrip(".。 ") if isinstance(value, str) else ""


class _Attributes(msgspec.Struct):
    attributes: object = None


_decoder: Final = msgspec.json.Decoder(_Attributes)


def attributes_of(text: str | bytes | None) -> dict[str, object] | None:
    """Return the attributes of a message's JSON text.

    Empty when it has none; None when they, or the message, cannot be read as an object.
    """
    if not text:
        return None
    try:
        found = _decoder.decode(text).attributes
    except msgspec.ValidationError:
        message = read_object(text)
        if message is None:
            return None
        found = message.get("attributes")
    return {} if found is None else as_object(found)
