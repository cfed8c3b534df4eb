"""Query parameters of the API: one struct per call, which parses and describes them.

Unknown and repeated parameters are rejected by name.
"""

import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo
from starlette.datastructures import QueryParams

from growingio_collector.store.filter import MAX_ID, Filter, RowId, Verdict
from growingio_wire.clock import SPAN, ago_ms
from growingio_wire.errors import invalid
from growingio_wire.said import Said

Schema = Mapping[str, Any]
"""A JSON Schema, or another object of OpenAPI."""

MAX_LISTED: Final = 10_000
MAX_WAIT_S: Final = 300.0

_ATTRIBUTE: Final = "attr."
_ATTRIBUTES: Final = "attributes"
_ANY_ATTRIBUTE: Final = "attr.KEY"
_SHOWN_CHARACTERS: Final = 40

_MOMENTS: Final = ("since", "until")
_MOMENT_SCHEMA: Final[Schema] = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
        {"type": "string", "pattern": f"^{SPAN}$"},
    ]
}

_Query = TypeVar("_Query", bound="msgspec.Struct")
_Seconds = Annotated[float, Meta(ge=0, le=MAX_WAIT_S)]
_Limit = Annotated[int, Meta(ge=0, le=MAX_LISTED, description="Maximum number; 100 by default.")]
_RequestLimit = Annotated[int, Meta(ge=0, le=1000, description="Maximum number; 100 by default.")]
_After = Annotated[RowId, Meta(description="Only greater ids, oldest first.")]
_Before = Annotated[RowId, Meta(description="Only smaller ids.")]


class NoQuery(msgspec.Struct, frozen=True):
    """No parameters."""


class FilterQuery(Filter, frozen=True, kw_only=True):
    """The filters of events; ``status`` is another name of ``verdict``."""

    status: Annotated[Verdict, Meta(description="The same as verdict.")] | None = None

    @property
    def filter(self) -> Filter:
        """The events that are asked for."""
        values: dict[str, Any] = {name: getattr(self, name) for name in Filter.__struct_fields__}
        values["verdict"] = self.status or self.verdict
        return Filter(**values)


class EventsQuery(FilterQuery, frozen=True, kw_only=True):
    """A list of events."""

    limit: _Limit = 100
    after: _After | None = None
    before: _Before | None = None


class WaitQuery(FilterQuery, frozen=True, kw_only=True):
    """A wait for events."""

    count: Annotated[int, Meta(ge=0, le=MAX_LISTED, description="How many; 1 by default.")] = 1
    timeout: Annotated[_Seconds, Meta(description="In seconds; 5 by default, 0 only looks.")] = 5.0


class StreamQuery(FilterQuery, frozen=True, kw_only=True):
    """A stream of events; without ``after`` it starts with the next one."""


class RequestsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A list of requests."""

    limit: _RequestLimit = 100
    after: _After | None = None
    before: _Before | None = None
    status: (
        Annotated[typing.Literal["bad"], Meta(description="Only requests with a bad event.")] | None
    ) = None
    client: Annotated[str, Meta(description="Only requests of this client.")] | None = None


class ReadyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A wait until the collector is ready."""

    wait: Annotated[_Seconds, Meta(description="In seconds; 5 by default.")] = 5.0


def read_query(given: QueryParams, kind: type[_Query], without: Collection[str] = ()) -> _Query:
    """Return the parameters ``given`` as a ``kind``.

    :param without: fields that this call does not accept.
    :raises GrowingParamException: if one is unknown, repeated or invalid.
    """
    known = {name: field for name, field in _known(kind) if name not in without}
    values: dict[str, Any] = {}
    attributes: dict[str, str] = {}
    seen: set[str] = set()
    for name, text in given.multi_items():
        if name in seen:
            raise invalid(
                f"{_short(name)} is given more than once.", f"{_short(name)} 出现了多次。"
            )
        seen.add(name)
        if name.startswith(_ATTRIBUTE) and _ANY_ATTRIBUTE in known:
            attributes[name[len(_ATTRIBUTE) :]] = text
        elif name in known:
            values[name] = _read(name, text, known[name])
        else:
            listed = ", ".join(sorted(known))
            raise invalid(
                f"Unknown parameter {_short(name)}; known are: {listed or 'none'}.",
                f"未知参数 {_short(name)}；可用的参数：{listed or '无'}。",
            )
    if attributes:
        values[_ATTRIBUTES] = tuple(attributes.items())
    return kind(**values)


def parameters(kind: type[msgspec.Struct], without: Collection[str] = ()) -> list[Schema]:
    """Return the OpenAPI parameters of a call."""
    return [_parameter(name, field) for name, field in _known(kind) if name not in without]


def _known(kind: type[msgspec.Struct]) -> Iterator[tuple[str, FieldInfo]]:
    for field in msgspec.structs.fields(kind):
        yield (_ANY_ATTRIBUTE if field.name == _ATTRIBUTES else field.name), field


def _parameter(name: str, field: FieldInfo) -> Schema:
    schema = msgspec.json.schema(_without_none(field.type))
    description = schema.pop("description", "")
    if field.name == _ATTRIBUTES:
        schema = {"type": "string"}
    if name in _MOMENTS:
        schema = dict(_MOMENT_SCHEMA)
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _read(name: str, text: str, field: FieldInfo) -> object:
    if name in _MOMENTS:
        text = _moment(text)
    kind = _without_none(field.type)
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        allowed = _allowed(msgspec.json.schema(kind))
        raise invalid(
            f"{name} is {allowed.en}, not {_short(text)}.",
            f"{name} 应为 {allowed.zh}，而不是 {_short(text)}。",
        ) from error


def _moment(text: str) -> str:
    """Return a time in Unix milliseconds; ``5m`` is five minutes ago."""
    ago = ago_ms(text)
    return text if ago is None else str(ago)


def _without_none(kind: Any) -> Any:
    """Return the type of a field without None, which no parameter can express."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    [one] = [each for each in typing.get_args(kind) if each is not types.NoneType]
    return one


def _allowed(schema: dict[str, Any]) -> Said:
    if "enum" in schema:
        return Said(" or ".join(schema["enum"]), " 或 ".join(schema["enum"]))
    low, high = schema["minimum"], f"{schema['maximum']:g}"
    return Said(f"a number from {low} to {high}", f"{low} 到 {high} 之间的数字")


def _short(text: str) -> str:
    return repr(text[:_SHOWN_CHARACTERS])
