"""What a run looks like: names, fields, types and counts, without the values."""

from pathlib import Path
from typing import Any

import msgspec

from growingio_tracker.collector.rows import as_object, read_object
from growingio_tracker.collector.schema import reading

Key = tuple[str, str]
"""The kind of a message and its name; its event type when it has none."""

_QUERY = "SELECT kind, coalesce(name, type, '') AS name, json FROM event ORDER BY id"

_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    list: "list",
    dict: "object",
}


class Shape(msgspec.Struct):
    """What was seen of one name: how often, and the types of each field.

    A field of the attributes is ``attributes.KEY``. Types are those of JSON.
    """

    events: int = 0
    fields: dict[str, set[str]] = {}

    def add(self, message: dict[str, Any]) -> None:
        """Note one more message."""
        self._add_fields("", message)
        self._add_fields("attributes.", as_object(message.get("attributes")) or {})

    def _add_fields(self, prefix: str, fields: dict[str, Any]) -> None:
        for key, value in fields.items():
            self.fields.setdefault(prefix + key, set()).add(_TYPES[type(value)])


def profile(path: Path) -> dict[Key, Shape]:
    """Return the shape of every name in the store at ``path``."""
    shapes: dict[Key, Shape] = {}
    with reading(path) as connection:
        for row in connection.execute(_QUERY):
            shape = shapes.setdefault((row["kind"], row["name"]), Shape())
            shape.events += 1
            shape.add(read_object(row["json"] or "null") or {})
    return shapes
