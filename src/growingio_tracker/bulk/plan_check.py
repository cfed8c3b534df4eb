"""Check of rows against a tracking plan. Rows that the platform would drop or ignore fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from growingio_tracker.bulk.mapping import RowKind
from growingio_tracker.model.planned_values import mistake
from growingio_wire.errors import GrowingParamException
from growingio_wire.json_text import read_attributes, read_object
from growingio_wire.near import hint
from growingio_wire.plan import ALLOW, LOGIN_USER, REFUSE, USER, Lookup, Plan
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
            raise GrowingParamException(f"tracking plan: {'; '.join(wrong)}", code="not_planned")

    def _user_key(self, record: bytes) -> Iterator[str]:
        keys = self._plan.user_keys
        key = (read_object(record) or {}).get("userKey") if keys else None
        if key is not None and key != NOT_USER and key not in keys:
            yield f"login_user_key must be one of {', '.join(map(repr, keys))}"

    def _mistakes(self, record: bytes) -> Iterator[str]:
        if self._known is None:
            return
        name = self._name(record)
        planned = self._known.get(name)
        if planned is None:
            yield f"{name} is not planned{hint(name, self._known)}"
            return
        attributes = read_attributes(record) or {}
        for key, wanted in planned.attributes.items():
            found = mistake(wanted, attributes.get(key))
            if found is not None:
                yield f"{key} {found.said.en}"
        if planned.additional != ALLOW:
            lookup = Lookup(_SECTIONS[self._kind], self._known, name)
            for key in attributes:
                if key not in planned.attributes:
                    yield from self._unplanned(key, lookup, planned.additional)

    def _unplanned(self, key: str, found: Lookup, additional: str) -> Iterator[str]:
        others = self._plan.others_with(key, found.section, found.name)
        if others:
            yield f"{key} is planned for {others[0]}, but not for {found.name}"
        elif additional == REFUSE:
            near = hint(key, found.known[found.name].attributes)
            yield f"{key} is not planned for {found.name}{near}"

    def _name(self, record: bytes) -> str:
        if self._kind == "user":
            return LOGIN_USER
        return str((read_object(record) or {}).get(_NAMES[self._kind], ""))
