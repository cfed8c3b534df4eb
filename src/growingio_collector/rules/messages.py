"""Rules that apply to each message by itself."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from growingio_collector.rules.checked import Arrival, Types, types_of
from growingio_collector.rules.heads import EventHead, Head, ItemHead, MappingHead
from growingio_collector.rules.identities import (
    UNREAL_NAME,
    USER_ATTRIBUTES,
    event_identity_issues,
    is_no_name,
    item_identity_issues,
    shown_text,
    unreal_ids,
)
from growingio_collector.rules.issue import BAD, WARN, Issue, rule
from growingio_collector.rules.presets import ATTRIBUTE_TYPES, NO_ATTRIBUTES, preset_issues
from growingio_collector.rules.times import time_issues
from growingio_collector.rules.values import attribute_issues, identity_issues
from growingio_wire.json_text import read_attributes, read_identities
from growingio_wire.near import CLOSE, nearest
from growingio_wire.said import Said
from growingio_wire.table import EVENT_TYPES, EXPERIMENT_HIT

CUSTOM: Final = "CUSTOM"

MISSING_EVENT_TYPE: Final = rule(
    "missing_event_type",
    BAD,
    Said("The event has no eventType.", "事件缺少 eventType。"),
    Said(
        "Send eventType; it is CUSTOM for custom events.", "请发送 eventType；自定义事件为 CUSTOM。"
    ),
)
MISSPELLED_EVENT_TYPE: Final = rule(
    "misspelled_event_type",
    BAD,
    Said(
        "eventType is {shown}. Did you mean {nearest}?",
        "eventType 的值是 {shown}。您要写的是 {nearest} 吗？",
    ),
    Said(
        "For custom events, send exactly CUSTOM.",
        "自定义事件的 eventType 必须写成 CUSTOM。",
    ),
    headline=Said("A misspelled eventType", "eventType 拼写有误"),
)
UNKNOWN_EVENT_TYPE: Final = rule(
    "unknown_event_type",
    WARN,
    Said(
        "eventType is {shown}, which the collect protocol does not have.",
        "eventType 的值是 {shown}，采集协议中没有这种类型。",
    ),
    Said("Send CUSTOM for custom events.", "自定义事件的 eventType 为 CUSTOM。"),
    headline=Said("An unknown eventType", "未知的 eventType"),
)
MISSING_EVENT_NAME: Final = rule(
    "missing_event_name",
    BAD,
    Said("A CUSTOM event needs an eventName.", "CUSTOM 事件必须有 eventName。"),
    Said("Name the event.", "请给事件命名。"),
)
MISSING_TIMESTAMP: Final = rule(
    "missing_timestamp",
    BAD,
    Said("The event has no timestamp (Unix milliseconds).", "事件缺少 timestamp（Unix 毫秒）。"),
    Said("Send the time of the event in Unix milliseconds.", "请以 Unix 毫秒发送事件发生的时间。"),
)
MISSING_DATA_SOURCE: Final = rule(
    "missing_data_source",
    BAD,
    Said("The event has no dataSourceId.", "事件缺少 dataSourceId。"),
    Said(
        "Configure the SDK with the data source ID that GrowingIO shows for your application.",
        "请在 SDK 中填写 GrowingIO 为您的应用提供的数据源 ID。",
    ),
)
MISSING_IDENTIFIES: Final = rule(
    "missing_identifies",
    BAD,
    Said(
        "The mapping has no identifies (user key to user id).",
        "用户融合缺少 identifies（user key 到 user id）。",
    ),
    Said(
        "Send identifies with at least one user key and its user id.",
        "请发送 identifies，至少包含一个 user key 及其 user id。",
    ),
)
OTHER_PROJECT: Final = rule(
    "other_project",
    WARN,
    Said(
        "{path} is {shown}, but the request went to project {project}.",
        "{path} 是 {shown}，但请求发往项目 {project}。",
    ),
    Said("Use the same project id in the path and the event.", "路径和事件中应使用同一个项目 ID。"),
    headline=Said("The event and the path have different projects", "事件与路径中的项目不同"),
)
NAME_OUTSIDE_PATTERN: Final = rule(
    "name_outside_pattern",
    WARN,
    Said("The Web SDK would reject the event name {shown}.", "Web SDK 不接受事件名 {shown}。"),
    Said(
        "If web pages send it too, use up to 100 letters, digits and _, starting with a letter.",
        "网页也要发送的事件，名称请以字母开头，只含字母、数字和下划线，最长 100 个字符。",
    ),
    headline=Said("An event name that the Web SDK would reject", "Web SDK 不接受的埋点事件标识符"),
)

_MAX_VALUE_ISSUES: Final = 20
"""Maximum number of issues for the values of one message; more would not help."""

_WEB_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,99}")
_SHOWN: Final = 100


class Members(NamedTuple):
    """The open part of a message: the attributes of an event or item, the ids of a mapping."""

    attributes: dict[str, Any]
    identifies: dict[str, Any]


def read_members(text: bytes) -> Members:
    """Return the open part of a message; a part that is not an object is empty."""
    return Members(read_attributes(text) or {}, read_identities(text) or {})


def head_issues(head: Head, arrival: Arrival) -> Iterator[Issue]:
    """Yield what is wrong with the fields of one message."""
    if isinstance(head, EventHead):
        yield from shape_issues(head.event_type, head.event_name)
        yield from _event_issues(head, arrival)
    elif isinstance(head, ItemHead):
        yield from item_identity_issues(head)
    elif head.identifies is UNSET:
        yield MISSING_IDENTIFIES.issue("identifies")
    if head.project_key and arrival.project and head.project_key != arrival.project:
        yield OTHER_PROJECT.issue(
            "projectKey", shown=head.project_key[:_SHOWN], project=arrival.project[:_SHOWN]
        )


def shape_issues(event_type: str | int | None, name: str | None) -> Iterator[Issue]:
    """Yield the issues of every event of this type and name."""
    if event_type in (None, ""):
        yield MISSING_EVENT_TYPE.issue("eventType")
    elif event_type not in EVENT_TYPES:
        yield _unknown_type(str(event_type)[:_SHOWN])
    if event_type != CUSTOM:
        return
    if not name:
        yield MISSING_EVENT_NAME.issue("eventName")
    elif is_no_name(name):
        yield UNREAL_NAME.issue("eventName", shown=shown_text(name))
    elif not _WEB_NAME.fullmatch(name) and name != EXPERIMENT_HIT:  # the Web SDK sends that itself
        yield NAME_OUTSIDE_PATTERN.issue("eventName", shown=name[:_SHOWN])


def _unknown_type(shown: str) -> Issue:
    near = nearest(shown, EVENT_TYPES, CLOSE)
    if near is None:
        return UNKNOWN_EVENT_TYPE.issue("eventType", shown=shown)
    return MISSPELLED_EVENT_TYPE.issue("eventType", shown=shown, nearest=near)


def _event_issues(head: EventHead, arrival: Arrival) -> Iterator[Issue]:
    if head.data_source_id in (None, ""):
        yield MISSING_DATA_SOURCE.issue("dataSourceId")
    if head.timestamp is None:
        yield MISSING_TIMESTAMP.issue("timestamp")
    elif arrival.received_us is not None:
        yield from time_issues(head.timestamp, arrival.received_us)
    yield from event_identity_issues(head)


def member_issues(head: Head, members: Members) -> Iterator[Issue]:
    """Yield what is wrong with the values of one message."""
    if isinstance(head, MappingHead) and head.identifies is not UNSET and not members.identifies:
        yield MISSING_IDENTIFIES.issue("identifies")
    if isinstance(head, EventHead):
        yield from _set_attribute_issues(head.event_type, members.attributes)
    yield from islice(attribute_issues(members.attributes), _MAX_VALUE_ISSUES)
    yield from islice(identity_issues(members.identifies), _MAX_VALUE_ISSUES)
    # An empty id would merge all users without an id.
    identities = {
        f"identifies.{key[:_SHOWN]}": one if one != "" else " "
        for key, one in members.identifies.items()
    }
    yield from islice(unreal_ids(identities), _MAX_VALUE_ISSUES)


def _set_attribute_issues(
    event_type: str | int | None, attributes: Mapping[str, object]
) -> Iterator[Issue]:
    if event_type in ATTRIBUTE_TYPES and not attributes:
        yield NO_ATTRIBUTES.issue("attributes", type=str(event_type))
    if event_type == USER_ATTRIBUTES:
        yield from preset_issues(attributes)


def member_types(head: Head, members: Members) -> Types:
    """Return the properties with their JSON types; identities are not properties."""
    return () if isinstance(head, MappingHead) else types_of(members.attributes)
