"""Definitions of the data center, and their conversion to a plan.

The platform stores only the type of an attribute. Other rules of a plan, such as ``required`` or
``enum``, are kept when the plan is pulled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import yaml

from growingio_wire.plan import LOGIN_USER, Plan, Planned, Property
from growingio_wire.table import EVENT_TYPES

_PLAN_TYPES: Final = {
    "string": "string",
    "int": "integer",
    "double": "number",
    "date": "date",
    "list": "list",
}
_EVENT_TYPES: Final = {"integer": "int", "number": "double"}
_USER_TYPES: Final = {**_EVENT_TYPES, "date": "date"}
_ITEM_TYPES: Final = {**_USER_TYPES, "list": "list"}
_BY_SECTION: Final[Mapping[str, Mapping[str, str]]] = {
    "event": _EVENT_TYPES,
    "user": _USER_TYPES,
    "item": _ITEM_TYPES,
}


class Variable(msgspec.Struct, frozen=True, rename="camel"):
    """An attribute of events, users or an item model; ``id`` is the platform's."""

    key: str
    id: str = ""
    name: str | None = None
    value_type: str | None = None
    description: str | None = None
    is_primary_key: bool = False


class CustomEvent(msgspec.Struct, frozen=True):
    """A custom event and the attributes that are bound to it."""

    key: str
    id: str = ""
    name: str | None = None
    description: str | None = None
    attributes: Sequence[Variable] = ()


class ItemModel(msgspec.Struct, frozen=True):
    """A dimension table."""

    key: str
    id: str = ""
    name: str | None = None
    description: str | None = None
    attributes: Sequence[Variable] = ()


class Definitions(msgspec.Struct, frozen=True, rename="camel"):
    """All definitions of the data centre; the fields are its queries."""

    data_center_custom_events: Sequence[CustomEvent] = ()
    data_center_event_variables: Sequence[Variable] = ()
    data_center_user_variables: Sequence[Variable] = ()
    data_center_item_models: Sequence[ItemModel] = ()

    @property
    def events(self) -> dict[str, CustomEvent]:
        """The custom events by key."""
        return {one.key: one for one in self.data_center_custom_events}

    @property
    def event_variables(self) -> dict[str, Variable]:
        """The attributes of events by key."""
        return {one.key: one for one in self.data_center_event_variables}

    @property
    def user_variables(self) -> dict[str, Variable]:
        """The attributes of users by key."""
        return {one.key: one for one in self.data_center_user_variables}

    @property
    def items(self) -> dict[str, ItemModel]:
        """The dimension tables by key."""
        return {one.key: one for one in self.data_center_item_models}


def platform_type(wanted: Property, section: str) -> str | None:
    """Return the platform's type for a planned attribute; None if any fits.

    :param section: ``"event"``, ``"user"`` or ``"item"``: events know the fewest types.
    """
    if wanted.type is None:
        return None
    return _BY_SECTION[section].get(wanted.type, "string")


def pulled(found: Definitions, before: Plan) -> Plan:
    """Return the platform's definitions as a plan, with the rules of ``before`` if both agree."""
    variables = found.event_variables
    events = {
        key: _planned(one, [variables.get(its.key, its) for its in one.attributes], before.events)
        for key, one in found.events.items()
    }
    items = {
        key: _planned(one, [its for its in one.attributes if not its.is_primary_key], before.items)
        for key, one in found.items.items()
    }
    old = (before.users or {}).get(LOGIN_USER, Planned())
    users = msgspec.structs.replace(old, attributes=_attributes(found.user_variables, old, "user"))
    unnamed = {name: one for name, one in (before.events or {}).items() if name in EVENT_TYPES}
    return Plan(
        {**unnamed, **events},
        items or before.items,
        {LOGIN_USER: users} if users.attributes else before.users,
        before.user_keys,
    )


def _planned(
    found: CustomEvent | ItemModel,
    attributes: Sequence[Variable],
    before: Mapping[str, Planned] | None,
) -> Planned:
    old = (before or {}).get(found.key, Planned())
    section = "event" if isinstance(found, CustomEvent) else "item"
    return msgspec.structs.replace(
        old,
        description=old.description or _described(found),
        attributes=_attributes({one.key: one for one in attributes}, old, section),
    )


def _attributes(found: Mapping[str, Variable], old: Planned, section: str) -> dict[str, Property]:
    return {key: _property(one, old.attributes.get(key), section) for key, one in found.items()}


def _property(found: Variable, old: Property | None, section: str) -> Property:
    there = (found.value_type or "").lower()
    if old is None:
        return Property(_PLAN_TYPES.get(there), _described(found))
    # Types that the platform lacks, such as boolean, are kept if the platform has a string.
    agrees = platform_type(old, section) == there
    return msgspec.structs.replace(
        old,
        type=old.type if agrees else _PLAN_TYPES.get(there),
        description=old.description or _described(found),
    )


def _described(found: Variable | CustomEvent | ItemModel) -> str:
    if found.description:
        return found.description
    return found.name if found.name and found.name != found.key else ""


def plan_yaml(plan: Plan) -> str:
    """Return a plan as YAML."""
    users = (plan.users or {}).get(LOGIN_USER)
    tree: dict[str, Any] = {"version": 1}
    if plan.events is not None:
        tree["events"] = {name: _shown(one) for name, one in plan.events.items()}
    if plan.items is not None:
        tree["items"] = {name: _shown(one) for name, one in plan.items.items()}
    if users is not None:
        keys = {"keys": list(plan.user_keys)} if plan.user_keys else {}
        tree["users"] = {**keys, **_shown(users)}
    return str(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=100))  # pyright: ignore[reportUnknownMemberType]


def _shown(planned: Planned) -> dict[str, Any]:
    shown = _without_defaults(planned, Planned())
    if planned.attributes:
        shown["attributes"] = {
            name: _without_defaults(one, Property()) for name, one in planned.attributes.items()
        }
    return shown


def _without_defaults(value: Planned | Property, default: Planned | Property) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in value.__struct_fields__:
        one: Any = getattr(value, name)
        if name != "attributes" and one != getattr(default, name):
            shown[name] = [*one] if name in ("aliases", "enum") else one
    return shown
