"""Differences between a plan and the data center, as the changes that would remove them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from growingio_cli.data_centre.definitions import Definitions, Variable, platform_type
from growingio_wire.plan import LOGIN_USER, Plan, Planned, Property
from growingio_wire.said import Said
from growingio_wire.table import EVENT_TYPES

_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")

Subject: TypeAlias = Literal["event", "event attribute", "binding", "user attribute", "item"]
Action: TypeAlias = Literal["create", "by hand", "only there", "refused"]

_SUBJECTS: Final[Mapping[Subject, Said]] = {
    "event": Said("event {key}", "事件 {key}"),
    "event attribute": Said("event attribute {key}", "事件属性 {key}"),
    "binding": Said("{key}, bound to {owner}", "{key}，绑定到 {owner}"),
    "user attribute": Said("user attribute {key}", "用户属性 {key}"),
    "item": Said("dimension table {owner} {key}", "维度表 {owner} {key}"),
}
_ACTIONS: Final[Mapping[Action, Said]] = {
    "create": Said("+ {what}", "+ {what}"),
    "by hand": Said("! {what}: change it on the platform{why}", "! {what}：请在平台上修改{why}"),
    "only there": Said("- {what}: not in the plan", "- {what}：不在方案中"),
    "refused": Said(
        "x {what}: a key must start with a letter, contain only letters, digits and underscores, "
        "and have at most 100 characters",
        "x {what}：标识符只能由字母、数字和下划线组成，以字母开头，最多 100 个字符",
    ),
}
_TYPES: Final = Said(" ({there} there, {here} in the plan)", "（平台为 {there}，方案为 {here}）")


class Change(NamedTuple):
    """A difference.

    ``create`` is what a push does. It deletes nothing, and changes no type: the data that is there
    has the old one.

    :param owner: the event of a binding, or the table of an attribute.
    :param here: the platform's type for the planned one, if any.
    :param there: the type on the platform, if it differs.
    """

    action: Action
    subject: Subject
    key: str
    owner: str = ""
    here: str | None = None
    there: str | None = None
    description: str = ""

    @property
    def said(self) -> Said:
        """The change as one line."""
        what = _SUBJECTS[self.subject].with_values(key=self.key, owner=self.owner)
        why = _TYPES.with_values(there=self.there, here=self.here) if self.there else ""
        return _ACTIONS[self.action].with_values(what=what, why=why)


def differences(plan: Plan, found: Definitions) -> list[Change]:
    """Return what is missing or different on the platform, in the order of creation."""
    events = {name: one for name, one in (plan.events or {}).items() if name not in EVENT_TYPES}
    users = (plan.users or {}).get(LOGIN_USER, Planned())
    return [
        *_variables("event attribute", _all_attributes(events), found.event_variables),
        *_events(events, found),
        *_variables("user attribute", users.attributes, found.user_variables),
        *_items(plan.items or {}, found),
    ]


def _all_attributes(events: Mapping[str, Planned]) -> dict[str, Property]:
    every: dict[str, Property] = {}
    for planned in events.values():
        for name, wanted in planned.attributes.items():
            if name not in every or every[name].type is None:
                every[name] = wanted
    return every


def _variables(
    subject: Subject, wanted: Mapping[str, Property], found: Mapping[str, Variable]
) -> Iterator[Change]:
    section = "user" if subject == "user attribute" else "event"
    for key, one in wanted.items():
        here = platform_type(one, section)
        if key not in found:
            action: Action = "create" if _KEY.fullmatch(key) else "refused"
            yield Change(action, subject, key, here=here or "string", description=one.description)
        elif here is not None and here != (there := (found[key].value_type or "").lower()):
            yield Change("by hand", subject, key, here=here, there=there)
    for key in found:
        if key not in wanted:
            yield Change("only there", subject, key)


def _events(events: Mapping[str, Planned], found: Definitions) -> Iterator[Change]:
    for name, planned in events.items():
        there = found.events.get(name)
        if there is None:
            action: Action = "create" if _KEY.fullmatch(name) else "refused"
            yield Change(action, "event", name, description=planned.description)
            if action == "refused":
                continue
        bound = {one.key for one in there.attributes} if there else set[str]()
        for key in planned.attributes:
            if key not in bound and _KEY.fullmatch(key):
                yield Change("create", "binding", key, name)
        for key in sorted(bound - set(planned.attributes)):
            yield Change("only there", "binding", key, name)
    for name in found.events:
        if name not in events:
            yield Change("only there", "event", name)


def _items(items: Mapping[str, Planned], found: Definitions) -> Iterator[Change]:
    for name, planned in items.items():
        there = found.items.get(name)
        if there is None:
            yield Change("by hand", "item", "", name)
            continue
        known = {one.key: one for one in there.attributes}
        for key, wanted in planned.attributes.items():
            here = platform_type(wanted, "item")
            if key not in known:
                yield Change("by hand", "item", key, name)
            elif here is not None and here != (type_ := (known[key].value_type or "").lower()):
                yield Change("by hand", "item", key, name, here, type_)
    for name in found.items:
        if name not in items:
            yield Change("only there", "item", "", name)
