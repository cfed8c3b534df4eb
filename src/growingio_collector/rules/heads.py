"""Heads of messages: the few fields that the collector itself reads, and rules for their types.

Attributes have the protobuf names of the field table; ``rename`` makes the JSON keys. The rest of a
message stays undecoded text.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import UNSET, UnsetType, inspect

from growingio_collector.rules.issue import BAD, WARN, Issue, rule
from growingio_wire.json_text import type_of, written_members
from growingio_wire.near import Guesses
from growingio_wire.said import Said
from growingio_wire.table import SCHEMAS, Kind, camel

NOT_AN_OBJECT: Final = rule(
    "not_an_object",
    BAD,
    Said("The message is {got:name}, not an object.", "消息是{got:name}，不是对象。"),
    Said(
        "Send each message as a JSON object in the array.",
        "数组的每个元素都应是一条消息，即一个 JSON 对象。",
    ),
    headline=Said("The message is not an object", "消息不是对象"),
)
ATTRIBUTES_NOT_OBJECT: Final = rule(
    "attributes_not_object",
    BAD,
    Said("attributes is {got:name}, not an object.", "attributes 是{got:name}，不是对象。"),
    Said(
        "Send attributes as an object of names and values. PHP makes an array of keys 0, 1, 2.",
        "attributes 应是名称到值的对象。PHP 会把 0、1、2 这样的键编码成数组。",
    ),
    headline=Said("attributes is not an object", "attributes 不是对象"),
)
_DETAILS: Final = {
    "wrong_kind": Said("it is {got:name}, not {wanted:name}", "应为{wanted:name}，实为{got:name}"),
    "out_of_range": Said("the integer is out of range", "整数超出范围"),
}
WRONG_TYPE: Final = rule(
    "wrong_type",
    BAD,
    Said("{path} has the wrong type: {detail}.", "{path} 的类型不对：{detail}。"),
    Said("Send a value of the right type.", "请发送类型正确的值。"),
    _DETAILS,
    headline=Said("A field has the wrong type", "字段的类型不对"),
)

MISSPELLED_FIELD: Final = rule(
    "misspelled_field",
    WARN,
    Said(
        "{path} is not a field of {kind:name}. Did you mean {nearest}?",
        "{path} 不是{kind:name}的字段。您要写的是 {nearest} 吗？",
    ),
    Said(
        "Correct the name; custom values belong in attributes.",
        "请改正字段名；自定义的值应放在 attributes 中。",
    ),
    headline=Said("A misspelled field", "字段名拼写有误"),
)

_MOST_MISSPELLED: Final = 5
"""Maximum number of unknown fields checked per message."""

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class AnyObject(msgspec.Struct):
    """Any JSON object; its content is not read."""


class EventItem(msgspec.Struct):
    """The item of an event; its ids may be of any type."""

    id: object = None
    key: object = None


class EventHead(msgspec.Struct, rename=camel):
    """The fields of an event that its verdict depends on."""

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
    send_time: _Int64 | None = None
    resource_item: EventItem | None = None
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
    """Fields that identify an event."""

    @property
    def event_type(self) -> str | int | None:
        """As in ``EventHead``."""

    @property
    def event_name(self) -> str | None:
        """As in ``EventHead``."""

    @property
    def timestamp(self) -> int | None:
        """As in ``EventHead``."""

    @property
    def user_id(self) -> str | int | None:
        """As in ``EventHead``."""

    @property
    def device_id(self) -> str | None:
        """As in ``EventHead``."""

    @property
    def event_sequence_id(self) -> int | None:
        """As in ``EventHead``."""

    @property
    def global_sequence_id(self) -> int | None:
        """As in ``EventHead``."""


Head = EventHead | ItemHead | MappingHead

HEADS: dict[Kind, type[Head]] = {
    Kind.EVENT: EventHead,
    Kind.ITEM: ItemHead,
    Kind.MAPPING: MappingHead,
}
_DECODERS = {kind: msgspec.json.Decoder(head) for kind, head in HEADS.items()}

# The same keys without types, for messages with a wrong type.
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


_TYPE_NAMES: Final[Mapping[type, str]] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.NoneType: "null",
    inspect.StructType: "object",
}


def read_head(kind: Kind, text: bytes) -> tuple[Head | None, list[Issue]]:
    """Return the head of a message of well-formed JSON, and issues for wrong types.

    The head is None when the message is not an object; a value of the wrong type is absent.
    """
    try:
        return _DECODERS[kind].decode(text), []
    except msgspec.ValidationError:
        return _read_loosely(kind, text)


def _read_loosely(kind: Kind, text: bytes) -> tuple[Head | None, list[Issue]]:
    try:
        untyped: Any = _UNTYPED[kind].decode(text)
    except msgspec.ValidationError:
        return None, [NOT_AN_OBJECT.issue(got=type_of(text))]
    head = HEADS[kind]()
    issues = list(_fill_in(head, untyped))
    return head, issues


def _fill_in(head: Head, untyped: Any) -> Iterator[Issue]:
    """Set the fields of the right type in ``head``; yield an issue for each other one."""
    for field in msgspec.structs.fields(head):
        raw: msgspec.Raw = getattr(untyped, field.name)
        if not raw:
            continue
        try:
            setattr(head, field.name, msgspec.json.decode(raw, type=field.type))
        except msgspec.ValidationError:
            yield _wrong(field, type_of(bytes(raw)))


def _wrong(field: msgspec.structs.FieldInfo, got: str) -> Issue:
    path = field.encode_name
    if path == "attributes":
        return ATTRIBUTES_NOT_OBJECT.issue(path, got=got)
    wanted = _wanted(field.type)
    if got in wanted:
        return WRONG_TYPE.issue(path, detail="out_of_range")
    return WRONG_TYPE.issue(path, detail="wrong_kind", wanted=wanted, got=got)


_FIELDS: Final = {
    kind: tuple(field.json for field in schema.fields) for kind, schema in SCHEMAS.items()
}


def field_issues(kind: Kind, text: bytes, guesses: Guesses) -> Iterator[Issue]:
    """Yield issues for fields of a message that seem to be misspelled."""
    known = _FIELDS[kind]
    others = (key for key in written_members(text) if key not in known)
    for key in islice(others, _MOST_MISSPELLED):
        near = guesses.nearest(key, known)
        if near:
            yield MISSPELLED_FIELD.issue(key[:100], kind=kind.value, nearest=near)


@cache
def _wanted(type_: object) -> list[str]:
    """Return the names of the JSON types that a field may have."""
    info = inspect.type_info(type_)
    several = info.types if isinstance(info, inspect.UnionType) else (info,)
    return [_TYPE_NAMES[type(one)] for one in several if type(one) in _TYPE_NAMES]
