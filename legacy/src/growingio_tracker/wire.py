"""The wire: attribute of a message, key in JSON, field number in protobuf, and where it goes."""

from collections import OrderedDict, namedtuple

TEXT, INTEGER, TEXT_MAP, EVENT_TYPE = "text", "integer", "text map", "event type"
EVENT_TYPES = {"CUSTOM": 1, "LOGIN_USER_ATTRIBUTES": 3}
NOT_USER = "$notuser"

Kind = namedtuple("Kind", "endpoint path list_number fields")

EVENT = Kind("collect", "/v3/projects/%s/collect", 1, (
    ("event_type", "eventType", 6, EVENT_TYPE),
    ("sdk_version", "sdkVersion", 19, TEXT),
    ("platform", "platform", 7, TEXT),
    ("event_time", "timestamp", 8, INTEGER),
    ("event_name", "eventName", 22, TEXT),
    ("anonymous_id", "deviceId", 1, TEXT),
    ("login_user_key", "userKey", 55, TEXT),
    ("login_user_id", "userId", 2, TEXT),
    ("attributes", "attributes", 24, TEXT_MAP),
    ("send_time", "sendTime", 54, INTEGER),
    ("data_source_id", "dataSourceId", 5, TEXT),
    ("product_id", "projectKey", 53, TEXT),
))
ITEM = Kind("item", "/projects/%s/collect/item", 2, (
    ("id", "id", 1, TEXT),
    ("key", "key", 2, TEXT),
    ("attrs", "attributes", 3, TEXT_MAP),
    ("data_source_id", "dataSourceId", 4, TEXT),
    ("product_id", "projectKey", 5, TEXT),
))
KINDS = (EVENT, ITEM)


def present(message):
    """Return (value, JSON key, field number, type) of every value that ``message`` has."""
    found = [(getattr(message, field[0], None),) + field[1:] for field in message.kind.fields]
    return [field for field in found if field[0] is not None]


def json_object(message):
    """Return what stands for ``message`` in a JSON body."""
    return OrderedDict((key, value) for value, key, _, _ in present(message))
