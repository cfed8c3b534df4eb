"""The few values of a message that the collector itself looks at.

The attributes here are the protobuf names of the field table; ``rename`` makes the JSON keys.
Everything else in a message stays unread text.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import Kind, camel

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class AnyObject(msgspec.Struct):
    """Any JSON object; its content is not read."""


class EventHead(msgspec.Struct, rename=camel):
    """An event's identity, and what else its verdict depends on."""

    event_type: str | _Int64 | None = None
    event_name: str | None = None
    timestamp: _Int64 | None = None
    user_id: str | _Int64 | None = None
    user_key: str | None = None
    device_id: str | None = None
    data_source_id: str | _Int64 | None = None
    project_key: str | None = None
    platform: str | None = None
    sdk_version: str | None = None
    event_sequence_id: _Int64 | None = None
    global_sequence_id: _Int64 | None = None
    attributes: AnyObject | UnsetType = UNSET


class ItemHead(msgspec.Struct, rename=camel):
    """An item's identity."""

    id: str | _Int64 | None = None
    key: str | None = None
    project_key: str | None = None
    attributes: AnyObject | UnsetType = UNSET


class MappingHead(msgspec.Struct, rename=camel):
    """An identity merge: when, and the identities."""

    send_time: _Int64 | None = None
    project_key: str | None = None
    identifies: AnyObject | UnsetType = UNSET


class Identified(Protocol):
    """What tells an event from others."""

    @property
    def event_type(self) -> str | int | None: ...  # noqa: D102 - as in EventHead
    @property
    def event_name(self) -> str | None: ...  # noqa: D102
    @property
    def timestamp(self) -> int | None: ...  # noqa: D102
    @property
    def user_id(self) -> str | int | None: ...  # noqa: D102
    @property
    def device_id(self) -> str | None: ...  # noqa: D102
    @property
    def event_sequence_id(self) -> int | None: ...  # noqa: D102
    @property
    def global_sequence_id(self) -> int | None: ...  # noqa: D102


Head = EventHead | ItemHead | MappingHead

HEADS: dict[Kind, type[Head]] = {
    Kind.EVENT: EventHead,
    Kind.ITEM: ItemHead,
    Kind.MAPPING: MappingHead,
}
_DECODERS = {kind: msgspec.json.Decoder(head) for kind, head in HEADS.items()}

# The same keys without types, for messages in which a type is wrong.
_UNTYPED = {
    kind: msgspec.json.Decoder(
        msgspec.defstruct(
            f"Untyped{head.__name__}",
            [(name, msgspec.Raw, msgspec.Raw()) for name in head.__struct_fields__],
            rename=camel,
        )
    )
    for kind, head in HEADS.items()
}


def read_head(kind: Kind, text: bytes) -> tuple[Head | None, list[Problem]]:
    """Return the head of one message of well-formed JSON, and what has the wrong type in it.

    The head is None when the message is not an object; a value of the wrong type is absent.
    """
    try:
        return _DECODERS[kind].decode(text), []
    except msgspec.ValidationError as error:
        return _read_loosely(kind, text, error)


def _read_loosely(
    kind: Kind, text: bytes, error: msgspec.ValidationError
) -> tuple[Head | None, list[Problem]]:
    try:
        untyped: Any = _UNTYPED[kind].decode(text)
    except msgspec.ValidationError:
        return None, [Problem("not_an_object", values={"detail": str(error)})]
    head = HEADS[kind]()
    problems = list(_fill_in(head, untyped))
    return head, problems


def _fill_in(head: Head, untyped: Any) -> Iterator[Problem]:
    """Set in ``head`` whatever has the right type; yield the rest as problems."""
    for field in msgspec.structs.fields(head):
        raw: msgspec.Raw = getattr(untyped, field.name)
        if not raw:
            continue
        try:
            setattr(head, field.name, msgspec.json.decode(raw, type=field.type))
        except msgspec.ValidationError as error:
            path = field.encode_name
            code = "attributes_not_object" if path == "attributes" else "wrong_type"
            yield Problem(code, path, {"detail": str(error)})
