"""Comparing one message with the plan."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.plan.model import (
    ALLOW,
    REFUSE,
    Deprecation,
    Plan,
    Planned,
    Property,
    attributes_of,
    deprecation,
)
from growingio_tracker.collector.plan.nearest import nearest
from growingio_tracker.collector.plan.values import TYPES, parts, shown
from growingio_tracker.collector.problems.problem import Problem

_LISTED: Final = 10
"""How many names or values a sentence lists."""

_MOST_UNPLANNED: Final = 20
"""How many unplanned attributes of one message are told: a stranger may send thousands."""

_LONGEST_MATCHED: Final = 1000
"""Characters of a value that are tried against a pattern, whose time can grow with the length."""


def judge(plan: Plan, finding: Finding) -> tuple[Problem, ...]:
    """Return where a message differs from ``plan``; empty when the plan does not speak of it."""
    everything = plan.of(finding.kind)
    name = plan.subject(finding.kind, finding.type, finding.name)
    if everything is None or name is None:
        return ()
    planned = everything.get(name)
    if planned is None:
        return (_not_planned(name, meant(everything, name)),)
    problems = list(_deprecated("", name, planned.deprecated))
    attributes = attributes_of(finding.text)
    if attributes is not None:
        problems += _of_planned(name, planned, attributes)
        problems += _of_others(name, planned, attributes)
    return tuple(problems)


def judged(plan: Plan, finding: Finding) -> Finding:
    """Return ``finding`` with what ``plan`` says added to its problems."""
    return msgspec.structs.replace(finding, problems=finding.problems + judge(plan, finding))


def meant(everything: Mapping[str, Planned], name: str) -> str | None:
    """Return the planned name that was probably meant; None when there is none like it."""
    for good, planned in everything.items():
        if name in planned.aliases:
            return good
    return nearest(name, tuple(everything))


def _not_planned(name: str, near: str | None) -> Problem:
    if near is None:
        return Problem("not_planned", values={"name": name})
    return Problem("not_planned_but_near", values={"name": name, "nearest": near})


def _deprecated(path: str, name: str, value: Deprecation) -> Iterator[Problem]:
    hint = deprecation(value)
    if hint:
        yield Problem("deprecated_with_hint", path, {"name": name, "hint": hint})
    elif value:
        yield Problem("deprecated", path, {"name": name})


def _of_planned(name: str, planned: Planned, attributes: Mapping[str, object]) -> Iterator[Problem]:
    for key, wanted in planned.attributes.items():
        path, value = f"attributes.{key}", attributes.get(key)
        if value is not None:
            yield from _deprecated(path, path, wanted.deprecated)
            yield from _of_value(path, wanted, value)
        elif wanted.required:
            yield Problem("missing_property", path, {"name": name})


def _of_value(path: str, wanted: Property, value: object) -> Iterator[Problem]:
    """Yield the first thing that is wrong with a value: what follows would only repeat it."""
    if wanted.type and not TYPES[wanted.type](value):
        yield Problem("property_wrong_type", path, {"shown": shown(value), "wanted": wanted.type})
        return
    if not wanted.enum and wanted.pattern is None:
        return
    for part in parts(wanted.type, value):
        if wanted.enum and part not in wanted.enum:
            allowed = ", ".join(wanted.enum[:_LISTED])
            yield Problem("property_not_in_enum", path, {"shown": shown(part), "allowed": allowed})
            return
        if wanted.pattern is not None and not wanted.matches(part[:_LONGEST_MATCHED]):
            said: dict[str, str | int] = {"shown": shown(part), "pattern": wanted.pattern}
            yield Problem("property_not_in_pattern", path, said)
            return


def _of_others(name: str, planned: Planned, attributes: Mapping[str, object]) -> Iterator[Problem]:
    if planned.additional == ALLOW:
        return
    code = "property_refused" if planned.additional == REFUSE else "property_not_planned"
    others = (key for key in attributes if key not in planned.attributes)
    for key in islice(others, _MOST_UNPLANNED):
        known = tuple(planned.attributes)
        near = nearest(key, known)
        listed = [near, *(one for one in known if one != near)] if near else known
        said: dict[str, str | int] = {"name": name, "planned": ", ".join(listed[:_LISTED]) or "–"}
        yield Problem(code, f"attributes.{key}", said)
