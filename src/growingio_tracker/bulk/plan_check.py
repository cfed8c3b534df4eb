"""Check of rows against a tracking plan. Rows that the platform would drop or ignore fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from growingio_tracker.bulk.mapping import RowKind
from growingio_tracker.model.planned_values import mistake, one_of
from growingio_wire.errors import invalid
from growingio_wire.json_text import read_attributes, read_object
from growingio_wire.near import hint, hint_zh
from growingio_wire.plan import ALLOW, LOGIN_USER, REFUSE, USER, Lookup, Plan
from growingio_wire.said import Said, joined
from growingio_wire.table import NOT_USER

_SECTIONS: Final[Mapping[str, str]] = {"event": "event", "user": USER, "item": "item"}
_NAMES: Final[Mapping[str, str]] = {"event": "eventName", "item": "key"}


class PlanCheck:
    """Compares the records of one kind of row with a plan."""

    def __init__(self, plan: Plan, kind: RowKind) -> None:
        self._plan = plan
        self._kind = kind
        self._known = plan.sections.get(_SECTIONS[kind])

    def check(self, record: bytes) -> None:
        """Compare one record.

        :raises GrowingParamException: if it violates the plan; the message lists all violations,
            without values.
        """
        wrong = [*self._user_key(record), *self._mistakes(record)]
        if wrong:
            said = joined(wrong)
            raise invalid(f"tracking plan: {said.en}", f"埋点方案：{said.zh}", code="not_planned")

    def _user_key(self, record: bytes) -> Iterator[Said]:
        keys = self._plan.user_keys
        key = (read_object(record) or {}).get("userKey") if keys else None
        if key is not None and key != NOT_USER and key not in keys:
            wanted = one_of(keys)
            yield Said(f"login_user_key {wanted.en}", f"login_user_key {wanted.zh}")

    def _mistakes(self, record: bytes) -> Iterator[Said]:
        if self._known is None:
            return
        name = self._name(record)
        planned = self._known.get(name)
        if planned is None:
            known = self._known
            yield Said(
                f"{name} is not planned{hint(name, known)}",
                f"{name} 未经规划{hint_zh(name, known)}",
            )
            return
        attributes = read_attributes(record) or {}
        for key, wanted in planned.attributes.items():
            found = mistake(wanted, attributes.get(key))
            if found is not None:
                yield Said(f"{key} {found.said.en}", f"{key} {found.said.zh}")
        if planned.additional != ALLOW:
            lookup = Lookup(_SECTIONS[self._kind], self._known, name)
            for key in attributes:
                if key not in planned.attributes:
                    yield from self._unplanned(key, lookup, planned.additional)

    def _unplanned(self, key: str, found: Lookup, additional: str) -> Iterator[Said]:
        others = self._plan.others_with(key, found.section, found.name)
        if others:
            yield Said(
                f"{key} is planned for {others[0]}, but not for {found.name}",
                f"{key} 是为 {others[0]} 规划的属性，没有与 {found.name} 绑定",
            )
        elif additional == REFUSE:
            planned = found.known[found.name].attributes
            yield Said(
                f"{key} is not planned for {found.name}{hint(key, planned)}",
                f"{key} 不是为 {found.name} 规划的属性{hint_zh(key, planned)}",
            )

    def _name(self, record: bytes) -> str:
        if self._kind == "user":
            return LOGIN_USER
        return str((read_object(record) or {}).get(_NAMES[self._kind], ""))
