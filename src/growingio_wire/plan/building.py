"""Construction of a plan from its source, with a check of every field."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from growingio_wire.near import CLOSE, nearest
from growingio_wire.plan import (
    ADDITIONAL,
    LOGIN_USER,
    WARN,
    Deprecation,
    Plan,
    Planned,
    Property,
)
from growingio_wire.plan.fitting import TYPES
from growingio_wire.plan.source import Defect, Node

_T = TypeVar("_T")

_WORDS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1", "是", "必填"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否", "选填"), False),
}
_TYPE_NAMES: Final = {
    **{name: name for name in TYPES},
    "text": "string",
    "字符串": "string",
    "文本": "string",
    "int": "integer",
    "double": "number",
    "float": "number",
    "浮点数": "number",
    "bool": "boolean",
    "数字": "number",
    "数值": "number",
    "小数": "number",
    "整数": "integer",
    "布尔": "boolean",
    "列表": "list",
    "日期": "date",
}
"""The types, by all of their names in plans."""

_SECTIONS: Final = ("events", "items", "users")


class Builder:
    """Builds a plan from a tree; ``defects`` are the defects found so far."""

    def __init__(self) -> None:
        self.defects: list[Defect] = []

    def plan(self, root: Node) -> Plan:
        """Return the plan, without parts that have a defect."""
        fields = self._fields(root, "", ("version", "additional", *_SECTIONS))
        if (version := fields.get("version")) and version.value != "1":
            self._add("unknown_version", version, "version", shown=str(version.value)[:40])
        if not (self.defects or fields.keys() & set(_SECTIONS)):
            self._add("nothing_planned", Node(None, 0), "")
        additional = self._additional(fields, "", WARN)
        events, items = (
            self._kind(fields[kind], kind, additional) if kind in fields else None
            for kind in ("events", "items")
        )
        if "users" not in fields:
            return Plan(events, items)
        return Plan(events, items, *self._users(fields["users"], additional))

    def _users(self, node: Node, additional: str) -> tuple[dict[str, Planned], tuple[str, ...]]:
        fields = self._fields(node, "users", ("description", "additional", "keys", "attributes"))
        keys = tuple(one for one, _ in self._texts(fields, "users", "keys"))
        rest = {name: one for name, one in fields.items() if name != "keys"}
        planned = self._planned(Node(rest, node.line), "users", additional)
        return {LOGIN_USER: planned}, keys

    def _kind(self, node: Node, field: str, additional: str) -> dict[str, Planned]:
        found = self._named(node, field, lambda at, one: self._planned(one, at, additional))
        taken = set(found)
        for name, planned in found.items():
            for alias in planned.aliases:
                if alias in taken:
                    place = self._mapping(node, field)[name]
                    self._add("alias_is_planned", place, f"{field}.{name}.aliases", name=alias)
                taken.add(alias)
        return found

    def _planned(self, node: Node, field: str, additional: str) -> Planned:
        names = ("description", "deprecated", "additional", "aliases", "attributes")
        fields = self._fields(node, field, names)
        return Planned(
            description=self._text(fields, field, "description"),
            deprecated=self._deprecation(fields, field),
            additional=self._additional(fields, field, additional),
            aliases=tuple(one for one, _ in self._texts(fields, field, "aliases")),
            attributes=self._named(
                fields.get("attributes", Node(None, node.line)),
                f"{field}.attributes",
                lambda at, one: self._property(one, at),
            ),
        )

    def _property(self, node: Node, field: str) -> Property:
        # "amount: number" is short for "amount: {type: number}".
        if isinstance(node.value, str):
            node = Node({"type": node}, node.line)
        names = ("type", "description", "required", "enum", "pattern", "min", "max", "deprecated")
        fields = self._fields(node, field, names)
        type_ = self._one_of(fields, field, "type", _TYPE_NAMES)
        return Property(
            type=type_,
            description=self._text(fields, field, "description"),
            required=self._one_of(fields, field, "required", _WORDS) or False,
            enum=self._enum(fields, field, type_),
            pattern=self._pattern(fields, field),
            min=self._number(fields, field, "min"),
            max=self._number(fields, field, "max"),
            deprecated=self._deprecation(fields, field),
        )

    def _number(self, fields: Mapping[str, Node], field: str, name: str) -> float | None:
        text = self._text(fields, field, name)
        try:
            number = float(text) if text else None
        except ValueError:
            number = math.nan
        if number is None or math.isfinite(number):
            return number
        self._add("not_a_number", fields[name], _join(field, name), shown=text[:40])
        return None

    def _enum(self, fields: Mapping[str, Node], field: str, type_: str | None) -> tuple[str, ...]:
        values = self._texts(fields, field, "enum")
        if not values and "enum" in fields and isinstance(fields["enum"].value, list | None):
            self._add("empty_enum", fields["enum"], f"{field}.enum")
        for value, node in values:
            if type_ and not TYPES[type_](value):
                self._add("enum_not_of_type", node, f"{field}.enum", shown=value, wanted=type_)
        return tuple(value for value, _ in values)

    def _pattern(self, fields: Mapping[str, Node], field: str) -> str | None:
        pattern = self._text(fields, field, "pattern")
        if not pattern:
            return None
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            at = f"{field}.pattern"
            self._add("wrong_pattern", fields["pattern"], at, shown=pattern, detail=str(error))
            return None
        return pattern

    def _deprecation(self, fields: Mapping[str, Node], field: str) -> Deprecation:
        text = self._text(fields, field, "deprecated")
        return _WORDS.get(text.casefold(), text) if text else False

    def _additional(self, fields: Mapping[str, Node], field: str, default: str) -> str:
        known = {name: name for name in ADDITIONAL}
        return self._one_of(fields, field, "additional", known) or default

    def _one_of(
        self, fields: Mapping[str, Node], field: str, name: str, known: Mapping[str, _T]
    ) -> _T | None:
        text = self._text(fields, field, name)
        found = known.get(text.casefold())
        if text and found is None:
            # Only the first name of each value is listed; the others are for convenience.
            first: dict[_T, str] = {}
            for word, value in known.items():
                first.setdefault(value, word)
            names = list(first.values())
            self._add("not_one_of", fields[name], _join(field, name), shown=text[:40], known=names)
        return found

    def _text(self, fields: Mapping[str, Node], field: str, name: str) -> str:
        node = fields.get(name)
        if node is None or node.value is None:
            return ""
        if isinstance(node.value, str):
            return node.value.strip()
        self._add("not_a_text", node, _join(field, name))
        return ""

    def _texts(self, fields: Mapping[str, Node], field: str, name: str) -> list[tuple[str, Node]]:
        node = fields.get(name, Node(None, 0))
        if isinstance(node.value, str | dict):
            self._add("not_a_list", node, _join(field, name))
        if not isinstance(node.value, list):
            return []
        found: list[tuple[str, Node]] = []
        for one in node.value:
            if isinstance(one.value, list | dict):
                self._add("not_a_text", one, _join(field, name))
            else:
                found.append((one.value or "", one))
        return found

    def _named(self, node: Node, field: str, make: Callable[[str, Node], _T]) -> dict[str, _T]:
        found: dict[str, _T] = {}
        for name, one in self._mapping(node, field).items():
            if name.strip():
                found[name] = make(_join(field, name), one)
            else:
                self._add("no_name", one, field)
        return found

    def _fields(self, node: Node, field: str, known: tuple[str, ...]) -> dict[str, Node]:
        fields = self._mapping(node, field)
        for name in [name for name in fields if name not in known]:
            near = nearest(name, known, CLOSE)
            code = "unknown_field_near" if near else "unknown_field"
            said = {"name": name[:40], "nearest": near or "", "known": list(known)}
            self._add(code, fields[name], field, **said)
        return fields

    def _mapping(self, node: Node, field: str) -> dict[str, Node]:
        if isinstance(node.value, dict):
            return node.value
        if node.value is not None:
            self._add("not_a_mapping", node, field)
        return {}

    def _add(self, code: str, node: Node, field: str, **values: Any) -> None:
        self.defects.append(Defect(code, node.line, field, values))


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
