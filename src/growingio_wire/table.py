"""Table of the v3 collect protocol: JSON keys, protobuf fields and our attributes.

Messages use its JSON keys, the protobuf format its field numbers, and the collector both.

Sources: requests recorded from release 1.0.5, the Java, Go and PHP SDKs, and GrowingIO's
measurement-protocol page.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal, TypeAlias

from msgspec import Struct


class Kind(Enum):
    """The three kinds of message. A request carries one kind only."""

    EVENT = "event"
    ITEM = "item"
    MAPPING = "mapping"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash is a Python call


Type: TypeAlias = Literal[
    "string", "int32", "int64", "double", "event type", "map<string, string>", "ResourceItem"
]
"""How a value is encoded in protobuf."""


def camel(name: str) -> str:
    """Return the JSON key of a protobuf field name: ``event_type`` is ``eventType``."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


class Field(Struct, frozen=True):
    """One value of a message.

    ``name`` is the protobuf name, ``number`` its field number, ``attribute`` the name that the
    documented Python API uses where it differs.
    """

    number: int
    name: str
    type: Type = "string"
    attribute: str = ""

    @property
    def json(self) -> str:
        """The key in the JSON object."""
        return camel(self.name)


class Schema(Struct, frozen=True):
    """Everything the wire says about one kind of message.

    ``path`` takes the product id; ``list_number`` is the field number of the list that wraps the
    messages of one protobuf body.
    """

    kind: Kind
    path: str
    list_number: int
    fields: tuple[Field, ...]

    @property
    def json_names(self) -> dict[str, str]:
        """Our attribute → JSON key."""
        return {field.attribute or field.name: field.json for field in self.fields}


EVENT_TYPES: Final[Mapping[str, int]] = {
    "VISIT": 0,
    "CUSTOM": 1,
    "VISITOR_ATTRIBUTES": 2,
    "LOGIN_USER_ATTRIBUTES": 3,
    "CONVERSION_VARIABLES": 4,
    "APP_CLOSED": 5,
    "PAGE": 6,
    "PAGE_ATTRIBUTES": 7,
    "VIEW_CLICK": 8,
    "VIEW_CHANGE": 9,
    "FORM_SUBMIT": 10,
    "ACTIVATE": 11,
}

NOT_USER: Final = "$notuser"
"""The login_user_key of events without a user, the only ones that may lack both ids."""

EXPERIMENT_HIT: Final = "$exp_hit"
"""The custom event for a visitor taking part in an A/B experiment."""

LIST_SEPARATOR: Final = "||"
"""Joins the elements of a list into one attribute value."""

COMPRESS_HEADER: Final = "X-Compress-Codec"
"""Header with the number of the compression; each codec defines its own."""

CRYPT_HEADER: Final = "X-Crypt-Codec"
"""Header with the number of the encryption."""

MASK: Final = "***"
"""Replacement of a redacted value."""


def text(value: str | float | bool) -> str:
    """Return the text of one value: the same inside lists and in protobuf."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


EVENT: Final = Schema(
    Kind.EVENT,
    "/v3/projects/{}/collect",
    1,
    (
        Field(1, "device_id", attribute="anonymous_id"),
        Field(2, "user_id", attribute="login_user_id"),
        Field(3, "gio_id"),
        Field(4, "session_id"),
        Field(5, "data_source_id"),
        Field(6, "event_type", "event type"),
        Field(7, "platform"),
        Field(8, "timestamp", "int64", attribute="event_time"),
        Field(9, "domain"),
        Field(10, "path"),
        Field(11, "query"),
        Field(12, "title"),
        Field(13, "referral_page"),
        Field(14, "global_sequence_id", "int64"),
        Field(15, "event_sequence_id", "int32"),
        Field(16, "screen_height", "int32"),
        Field(17, "screen_width", "int32"),
        Field(18, "language"),
        Field(19, "sdk_version"),
        Field(20, "app_version"),
        Field(21, "extra_sdk", "map<string, string>"),
        Field(22, "event_name"),
        Field(23, "page_show_timestamp", "int64"),
        Field(24, "attributes", "map<string, string>"),
        Field(25, "resource_item", "ResourceItem"),
        Field(26, "protocol_type"),
        Field(27, "text_value"),
        Field(28, "xpath"),
        Field(29, "index", "int32"),
        Field(30, "hyperlink"),
        Field(31, "url_scheme"),
        Field(32, "app_state"),
        Field(33, "network_state"),
        Field(34, "app_channel"),
        Field(35, "page_name"),
        Field(36, "platform_version"),
        Field(37, "device_brand"),
        Field(38, "device_model"),
        Field(39, "device_type"),
        Field(40, "operating_system"),
        Field(42, "app_name"),
        Field(44, "latitude", "double"),
        Field(45, "longitude", "double"),
        Field(46, "imei"),
        Field(47, "android_id"),
        Field(48, "oaid"),
        Field(49, "google_advertising_id"),
        Field(50, "idfa"),
        Field(51, "idfv"),
        Field(52, "orientation"),
        Field(53, "project_key", attribute="product_id"),
        Field(54, "send_time", "int64"),
        Field(55, "user_key", attribute="login_user_key"),
        Field(56, "xcontent"),
        Field(57, "timezone_offset"),
    ),
)

RESOURCE_ITEM: Final = (
    Field(1, "id"),
    Field(2, "key"),
    Field(3, "attributes", "map<string, string>"),
)

ITEM: Final = Schema(
    Kind.ITEM,
    "/projects/{}/collect/item",
    2,
    (
        Field(1, "id", attribute="item_id"),
        Field(2, "key", attribute="item_key"),
        Field(3, "attributes", "map<string, string>", attribute="attrs"),
        Field(4, "data_source_id"),
        Field(5, "project_key", attribute="product_id"),
    ),
)

MAPPING: Final = Schema(
    Kind.MAPPING,
    "/projects/{}/collect/user-mapping",
    1,
    (
        Field(1, "project_key", attribute="product_id"),
        Field(2, "send_time", "int64"),
        Field(3, "identifies", "map<string, string>", attribute="identities"),
        Field(4, "data_source_id"),
    ),
)

SCHEMAS: Final[Mapping[Kind, Schema]] = {schema.kind: schema for schema in (EVENT, ITEM, MAPPING)}
