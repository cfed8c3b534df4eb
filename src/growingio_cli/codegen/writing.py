"""Generated modules: a typed function for each event and item of a plan, and for users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from rich.cells import cell_len

from growingio_cli.codegen.annotations import NEEDED_FROM, ParameterTypes, literal, rule
from growingio_cli.codegen.layout import (
    INDENT,
    Brackets,
    Piece,
    Prose,
    fits,
    lines,
    prefixed,
    spread,
    string,
)
from growingio_cli.codegen.names import FUNCTIONS, ITEMS, PARAMETERS, SET_USER, python_name
from growingio_wire.plan import ALLOW, LOGIN_USER, Plan, Planned, Property
from growingio_wire.table import EVENT_TYPES, NOT_USER

VERSION: Final = 1
"""Version of the generated code; a change makes existing modules stale."""

_LONGEST_NAME: Final = 60
_EVENT: Final = "_event_"
_ITEM: Final = "_item_"
"""Prefixes of the names of call objects."""
_SUBJECT: Final = ("event_time", "anonymous_id", "login_user_key", "login_user_id")


def fingerprint(plan: Plan) -> str:
    """Return a digest of the plan, which ignores comments and layout."""
    return sha256(msgspec.json.encode(plan)).hexdigest()[:32]


def head(plan: Plan) -> str:
    """Return the line that identifies a generated module and its plan."""
    return f"growingio codegen {VERSION}, plan {fingerprint(plan)}"


def write_module(plan: Plan, source: str) -> str:
    """Return the module for ``plan``; the output is deterministic.

    :param source: the name of the plan in the module, such as its file's name.
    """
    return _ModuleWriter(plan, source).text()


class _Function(NamedTuple):
    """One function: its name in Python and in the plan, and what is planned."""

    python: str
    name: str
    planned: Planned


class _ModuleWriter:
    """Writes one module, and collects the names that it needs."""

    def __init__(self, plan: Plan, source: str) -> None:
        self._plan = plan
        self._source = source
        self._prose = Prose(plan)
        self._short_names: dict[str, str] = {}
        self._needed = set[str]()
        self._types = ParameterTypes(self._needed)

    def text(self) -> str:
        body = [*self._events(), *self._users(), *self._items()]
        above = [*self._user_key_lines(), *self._types.alias_lines()]
        module = [
            *self._prose.of_module(self._source, head(self._plan)),
            "",
            *self._imports(),
            *([*above, ""] if above else []),
            *body,
        ]
        return "\n".join(module).rstrip("\n") + "\n"

    def _imports(self) -> Iterator[str]:
        yield from ("from __future__ import annotations", "")
        sources: dict[str, list[str]] = {}
        for name in sorted(self._needed & set(NEEDED_FROM)):
            sources.setdefault(NEEDED_FROM[name], []).append(name)
        for source in sorted(sources):
            yield f"from {source} import {', '.join(sources[source])}"
        if not self._needed - set(NEEDED_FROM):
            return
        yield ""
        yield "from growingio_tracker import GrowingTracker"
        ours = Brackets(
            "from growingio_tracker.planned import (", sorted(self._needed - set(NEEDED_FROM)), ")"
        )
        yield from spread(ours)
        yield ""

    def _user_key_lines(self) -> Iterator[str]:
        # Only items have no subject.
        if self._plan.user_keys and self._needed & {"EventCall", "UserCall"}:
            keys = literal((*self._plan.user_keys, NOT_USER))
            yield from lines(prefixed("_UserKey: TypeAlias = ", keys))
            yield from lines(
                Brackets("_USER_KEYS: Final = (", tuple(map(string, self._plan.user_keys)), ")")
            )

    def _events(self) -> Iterator[str]:
        for name, planned in (self._plan.events or {}).items():
            if name not in EVENT_TYPES:
                one = _Function(python_name(name, FUNCTIONS), name, planned)
                yield from self._call("EventCall", one, _EVENT)
                yield from self._function(one, _EVENT)

    def _users(self) -> Iterator[str]:
        planned = (self._plan.users or self._plan.events or {}).get(LOGIN_USER)
        if planned:
            one = _Function(SET_USER, LOGIN_USER, planned)
            yield from self._call("UserCall", one, "_")
            yield from self._function(one, "_")

    def _items(self) -> Iterator[str]:
        items = [
            _Function(python_name(name, FUNCTIONS), name, planned)
            for name, planned in (self._plan.items or {}).items()
        ]
        for one in items:
            yield from self._call("ItemCall", one, _ITEM)
        if items:
            yield from ("", "", f"class {ITEMS}:", *self._prose.of_items())
        for one in items:
            yield ""
            yield f"{INDENT}@staticmethod"
            yield from self._function(one, _ITEM, INDENT)

    def _call(self, kind: str, one: _Function, prefix: str) -> Iterator[str]:
        """Yield the call object of a function, which checks and tracks."""
        self._needed |= {kind, "Final", *(["Property"] if one.planned.attributes else [])}
        rules = Brackets(
            "{",
            [
                prefixed(f"{string(name)}: ", rule(wanted))
                for name, wanted in one.planned.attributes.items()
            ],
            "}",
        )
        arguments: list[Piece] = [string(one.name), rules]
        if self._plan.user_keys and kind != "ItemCall":
            arguments.append("_USER_KEYS")
        before = f"{self._value(one, prefix)}: Final = {kind}("
        yield from lines(Brackets(before, arguments, ")"))

    def _value(self, one: _Function, prefix: str) -> str:
        """Return the name of a call object: the function's, or a number if that is too long."""
        name = f"{prefix}{one.python}"
        if cell_len(name) <= _LONGEST_NAME:
            return name
        return self._short_names.setdefault(name, f"{prefix}{len(self._short_names) + 1}")

    def _function(self, one: _Function, prefix: str, indent: str = "") -> Iterator[str]:
        self._needed.add("Receipt")
        if not indent:
            yield from ("", "")
        if one.planned.deprecated:
            self._needed.add("deprecated")
            why = string(self._prose.why_deprecated(one.name, one.planned))
            yield from lines(Brackets("@deprecated(", (why,), ")"), indent)
        names = {
            python_name(name, PARAMETERS): wanted for name, wanted in one.planned.attributes.items()
        }
        parameters = list(self._parameters(names, prefix, one.planned.additional == ALLOW))
        yield from spread(Brackets(f"def {one.python}(", parameters, ") -> Receipt:"), indent)
        yield from self._prose.of_function(one.name, one.planned, names, indent + INDENT)
        yield from self._deprecations(one, names, indent + INDENT)
        if prefix == _EVENT:
            yield from self._supplement(indent + INDENT)
        yield from spread(self._return(one, names, prefix), indent + INDENT)
        if not indent:
            yield from ("", "")

    def _return(self, one: _Function, names: Iterable[str], prefix: str) -> Brackets:
        call = f"{self._value(one, prefix)}.{'submit' if prefix == _ITEM else 'track'}"
        passed = ("item_id",) if prefix == _ITEM else _SUBJECT
        if one.planned.additional == ALLOW:
            call, passed = f"{call}_more", ("more", *passed)
        return Brackets(f"return {call}(", ["tracker", *passed, *names], ")")

    def _deprecations(
        self, one: _Function, names: Mapping[str, Property], indent: str
    ) -> Iterator[str]:
        """Yield warnings of deprecated attributes, unless the whole function is deprecated."""
        if one.planned.deprecated:
            return
        for (python, wanted), name in zip(names.items(), one.planned.attributes, strict=True):
            if not wanted.deprecated:
                continue
            self._needed.add("warn_deprecated")
            if not wanted.required:
                yield from _if_given(python, indent)
            said = string(self._prose.warning(name, wanted))
            within = indent if wanted.required else indent + INDENT
            yield from lines(Brackets("warn_deprecated(", (said,), ")"), within)

    def _supplement(self, indent: str) -> Iterator[str]:
        self._needed |= {"PresetProperties", "ResourceItem", "supplemented"}
        yield f"{indent}if item is not None or preset is not None:"
        yield f"{indent}{INDENT}tracker = supplemented(tracker, item, preset)"

    def _parameters(
        self, names: Mapping[str, Property], prefix: str, takes_more: bool
    ) -> Iterator[str]:
        yield from ("tracker: GrowingTracker", "*")
        if prefix == _ITEM:
            yield "item_id: str"
        for name, wanted in names.items():
            yield self._types.parameter(name, wanted)
        if takes_more:
            self._needed.add("Mapping")
            yield "more: Mapping[str, object] | None = None"
        if prefix != _ITEM:
            self._needed.add("EventTime")
            yield "login_user_id: str | None = None"
            yield f"login_user_key: {self._user_key()} | None = None"
            yield "anonymous_id: str | None = None"
            yield "event_time: EventTime | None = None"
        if prefix == _EVENT:
            yield "item: ResourceItem | None = None"
            yield "preset: PresetProperties | None = None"

    def _user_key(self) -> str:
        if not self._plan.user_keys:
            return "str"
        self._needed |= {"TypeAlias", "Literal"}
        return "_UserKey"


def _if_given(parameter: str, indent: str) -> Iterator[str]:
    """Yield the condition that a parameter is not None, formatted as by ruff."""
    line = f"{indent}if {parameter} is not None:"
    if fits(line):
        yield line
    else:
        yield from (f"{indent}if (", f"{indent}{INDENT}{parameter}")
        yield from (f"{indent}{INDENT}is not None", f"{indent}):")
