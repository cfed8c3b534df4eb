"""Drafts of plans, made from received events."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from growingio_collector.store.schema import reading
from growingio_wire.json_text import as_text, read_attributes
from growingio_wire.plan.fitting import TYPES
from growingio_wire.table import LIST_SEPARATOR, Kind

_QUERY: Final = (
    "SELECT kind, name, json FROM event WHERE kind IN (?, ?) AND name <> '' ORDER BY kind, id"
)
_MAY_BE_ENUM: Final = 8
_SEEN_PER_VALUE: Final = 3
"""Maximum number of different texts to propose an enum for, and how often each must be seen."""

_GUESSED: Final = ("boolean", "integer", "number", "date", "list", "string")
"""Types, narrowest first: the first that all values have is proposed."""

_PLAIN: Final = re.compile(r"[^\W\d_][\w]*")
_YAML_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that YAML does not read as text."""

_HEAD: Final = """\
# Drafted from received events. Review every line: types are guesses, and "required" only means
# that every event so far had the attribute.
# Editors use the schema in the next line; `growingio plan schema > plan.schema.json` writes it.
# yaml-language-server: $schema=plan.schema.json
version: 1
"""


class _Attribute(msgspec.Struct):
    """Statistics of one attribute: its count, and the types that fit all of its values."""

    seen: int = 0
    types: set[str] = msgspec.field(default_factory=lambda: set(_GUESSED))
    texts: Counter[str] | None = msgspec.field(default_factory=Counter[str])

    def take(self, value: object) -> None:
        """Note one more value."""
        self.seen += 1
        self.types = {type_ for type_ in self.types if _might_be(type_, value)}
        if self.texts is not None:
            self.texts[as_text(value)] += 1
            if len(self.texts) > _MAY_BE_ENUM:
                self.texts = None

    @property
    def type(self) -> str | None:
        """The narrowest type that fits all values; None if there is none."""
        return next((type_ for type_ in _GUESSED if type_ in self.types), None)

    @property
    def proposed(self) -> list[str]:
        """The values for an enum; empty if the attribute is hardly one."""
        if self.type != "string" or not self.texts:
            return []
        often = self.seen >= _SEEN_PER_VALUE * len(self.texts)
        return sorted(self.texts) if often else []


class _Name(msgspec.Struct):
    """Statistics of one event or item."""

    seen: int = 0
    attributes: dict[str, _Attribute] = {}


def _might_be(type_: str, value: object) -> bool:
    if type_ == "list":
        return isinstance(value, list) or (isinstance(value, str) and LIST_SEPARATOR in value)
    if type_ in ("integer", "number") and _is_a_code(value):
        return False
    return TYPES[type_](value)


def _is_a_code(value: object) -> bool:
    """Tell whether digits are a code, such as 007, whose zeros a number would lose."""
    return isinstance(value, str) and value.startswith("0") and value[1:2].isdigit()


def draft(path: Path) -> str:
    """Return a plan in YAML for the events and items in the store at ``path``.

    Types are guessed; where few different texts were seen, an enum is proposed as a comment.
    """
    kinds = _seen(path)
    lines = [line for kind, names in kinds.items() for line in _kind_lines(kind, names)]
    return _HEAD + "\n".join(lines or ["events: {}"]) + "\n"


def _seen(path: Path) -> dict[str, dict[str, _Name]]:
    kinds: dict[str, dict[str, _Name]] = {}
    with reading(path) as connection:
        for row in connection.execute(_QUERY, (Kind.EVENT.value, Kind.ITEM.value)):
            name = kinds.setdefault(row["kind"], {}).setdefault(row["name"], _Name())
            name.seen += 1
            for key, value in (read_attributes(row["json"]) or {}).items():
                if value is not None and key.strip():
                    name.attributes.setdefault(key, _Attribute()).take(value)
    return kinds


def _kind_lines(kind: str, names: Mapping[str, _Name]) -> Iterator[str]:
    yield f"{kind}s:"
    for text, name in names.items():
        if not text.strip():
            continue
        yield f"  {_scalar(text)}:  # {name.seen} seen"
        if name.attributes:
            yield "    attributes:"
        for key, attribute in name.attributes.items():
            yield from _attribute_lines(key, attribute, name.seen)


def _attribute_lines(key: str, attribute: _Attribute, of: int) -> Iterator[str]:
    yield f"      {_scalar(key)}:"
    if attribute.type:
        yield f"        type: {attribute.type}"
    else:
        yield "        # type: values of different types were seen"
    if attribute.seen == of:
        yield "        required: true"
    else:
        yield f"        # in {attribute.seen} of {of}"
    if proposed := attribute.proposed:
        yield f"        # enum: [{', '.join(map(_scalar, proposed))}]"


def _scalar(text: str) -> str:
    """Return ``text`` for YAML: plain words unchanged, anything else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
