"""Decode protobuf bodies with the official library, whichever release is installed.

Imported, it serves tests; run as a script, it reads from standard input what :func:`job` made,
and so needs nothing but the official library beside it.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

PACKAGE = "gio"
SCALARS = {"double": 1, "int64": 3, "int32": 5, "string": 9}
MESSAGE, ENUM, REPEATED = 11, 14, 3


def tables() -> dict[str, Any]:
    """Return our field table as plain data."""
    wire = import_module("growingio_wire.table")

    def rows(fields: Iterable[Any]) -> list[list[Any]]:
        return [[field.number, field.name, field.type] for field in fields]

    return {
        "event types": dict(wire.EVENT_TYPES),
        "item": rows(wire.RESOURCE_ITEM),
        "kinds": {
            kind.value: [schema.list_number, rows(schema.fields)]
            for kind, schema in wire.SCHEMAS.items()
        },
    }


def job(bodies: Iterable[tuple[str, bytes]]) -> str:
    """Return the standard input for a run as a script."""
    coded = [[kind, base64.b64encode(body).decode()] for kind, body in bodies]
    return json.dumps({"tables": tables(), "bodies": coded})


class Official:
    """Classes of the official library, made from a field table."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._file = import_module("google.protobuf.descriptor_pb2").FileDescriptorProto(
            name="gio.proto", package=PACKAGE, syntax="proto3"
        )
        types = self._file.enum_type.add(name="EventType")
        for name, number in table["event types"].items():
            types.value.add(name=name, number=number)
        self._add_message("ResourceItem", table["item"])
        for kind, (number, fields) in table["kinds"].items():
            self._add_message(kind, fields)
            wrapper = self._file.message_type.add(name=f"{kind}_list")
            wrapper.field.add(
                name="values", number=number, label=REPEATED, type=MESSAGE, type_name=_full(kind)
            )
        pool = import_module("google.protobuf.descriptor_pool").DescriptorPool()
        pool.AddSerializedFile(self._file.SerializeToString())
        self._lists = {
            kind: _class(pool.FindMessageTypeByName(f"{PACKAGE}.{kind}_list"))
            for kind in table["kinds"]
        }

    def _add_message(self, name: str, fields: Iterable[tuple[int, str, str]]) -> None:
        message = self._file.message_type.add(name=name)
        for number, field_name, kind in fields:
            field = message.field.add(name=field_name, number=number, label=1)
            if kind in SCALARS:
                field.type = SCALARS[kind]
            elif kind == "event type":
                field.type, field.type_name = ENUM, _full("EventType")
            elif kind == "ResourceItem":
                field.type, field.type_name = MESSAGE, _full("ResourceItem")
            else:
                entry = _add_map_entry(message, field_name)
                field.type, field.label = MESSAGE, REPEATED
                field.type_name = _full(f"{name}.{entry}")

    def decode(self, kind: str, body: bytes) -> list[dict[str, Any]]:
        """Return the messages of a body; a field that the table lacks is an error."""
        messages = self._lists[kind]()
        messages.ParseFromString(body)
        size = messages.ByteSize()
        messages.DiscardUnknownFields()
        assert messages.ByteSize() == size, "the body holds fields that the table does not"
        return [_plain(message) for message in messages.values]


def _full(name: str) -> str:
    return f".{PACKAGE}.{name}"


def _add_map_entry(message: Any, field_name: str) -> str:
    name = "".join(word.capitalize() for word in field_name.split("_")) + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    for number, part in enumerate(("key", "value"), 1):
        entry.field.add(name=part, number=number, label=1, type=SCALARS["string"])
    return name


def _class(descriptor: Any) -> Any:
    factory = import_module("google.protobuf.message_factory")
    if hasattr(factory, "GetMessageClass"):
        return factory.GetMessageClass(descriptor)
    return factory.MessageFactory().GetPrototype(descriptor)


def _plain(message: Any) -> dict[str, Any]:
    return {field.name: _plain_value(field, value) for field, value in message.ListFields()}


def _plain_value(field: Any, value: Any) -> Any:
    if field.message_type is None:
        return value
    return dict(value) if field.message_type.GetOptions().map_entry else _plain(value)


def main() -> None:
    given = json.load(sys.stdin)
    official = Official(given["tables"])
    bodies = [(kind, base64.b64decode(body)) for kind, body in given["bodies"]]
    json.dump([official.decode(kind, body) for kind, body in bodies], sys.stdout)


if __name__ == "__main__":
    main()
