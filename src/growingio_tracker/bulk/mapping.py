"""Mappings of columns to fields of messages, given by the caller or inferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from growingio_tracker.model.events import PRESET_PROPERTIES
from growingio_wire.checks import check_fields
from growingio_wire.errors import GrowingParamException
from growingio_wire.near import hint

Row: TypeAlias = dict[str, Any]
"""Column → value."""

RowKind: TypeAlias = Literal["event", "user", "item"]
"""Kind of message that a row becomes: an event, user attributes, or an item."""

ValueType: TypeAlias = Literal[
    "as_is", "text", "int", "float", "bool", "list", "ms", "seconds", "datetime"
]

ERROR_COLUMN: Final = "growingio_import_error"
"""Column with the reason in a file of failed rows; imports ignore it."""

TIME_TYPES: Final = ("ms", "seconds", "datetime")
_SUBJECT: Final = ("anonymous_id", "login_user_id", "login_user_key", "event_time")
FIELDS: Final[Mapping[RowKind, tuple[str, ...]]] = {
    "event": ("event_name", *_SUBJECT, *PRESET_PROPERTIES),
    "user": _SUBJECT,
    "item": ("item_key", "item_id"),
}
"""The fields of each kind; everything else is an attribute."""

REQUIRED: Final[Mapping[RowKind, tuple[tuple[str, ...], ...]]] = {
    "event": (("event_name",), ("anonymous_id", "login_user_id", "login_user_key")),
    "user": (("anonymous_id", "login_user_id", "login_user_key"),),
    "item": (("item_key",), ("item_id",)),
}
"""Required fields by kind of row: groups of which one field must be mapped."""


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The source and type of one value.

    :param column: the column's name, or a path to a member of the object in it, such as
        ``properties.distinct_id``. Either this or ``value`` is given.
    :param value: the same value for every row.
    :param type: ``"as_is"`` keeps the value of the file: a string from CSV, so ``00123`` stays
        ``00123``. ``"text"``, ``"int"``, ``"float"`` and ``"bool"`` (true/false, yes/no, 1/0)
        convert; ``"list"`` splits a string. For event_time only: ``"ms"`` and ``"seconds"`` since
        1970, and ``"datetime"``. There ``"as_is"`` accepts milliseconds and ISO 8601.
    :param format: the format of ``"datetime"``, as for :meth:`datetime.datetime.strptime`; ``None``
        is ISO 8601.
    :param zone: time zone of times without one, for example ``Asia/Shanghai``; ``None`` is this
        machine's.
    :param separator: the separator of ``"list"``.
    """

    column: str | None = None
    value: str | int | float | bool | None = None
    type: ValueType = "as_is"
    format: str | None = None
    zone: str | None = None
    separator: str = ","

    def __post_init__(self) -> None:
        check_fields(self)


class RowMapping(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Maps columns to the fields of a message.

    :param fields: field → column, or :class:`Source`. The fields of an event are ``event_name``,
        ``anonymous_id``, ``login_user_id``, ``login_user_key``, ``event_time`` and the preset
        properties; of a user the same without ``event_name`` and presets; of an item ``item_key``
        and ``item_id``.
    :param attributes: attribute → column, or :class:`Source`.
    :param spread: columns with objects whose members become attributes.
    :param ignore: columns that are not sent.
    :param rest: what to do with the other columns: ``"attributes"`` sends each as the attribute
        with the same name, ``"ignore"`` does not send them.
    """

    fields: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    attributes: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    spread: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rest: Literal["attributes", "ignore"] = "attributes"

    def __post_init__(self) -> None:
        check_fields(self)

    @staticmethod
    def by_name(kind: RowKind) -> RowMapping:
        """Return the mapping for rows whose columns are named like the fields."""
        return RowMapping(fields={name: name for name in FIELDS[kind]})

    def with_same(self, same: Mapping[str, str]) -> RowMapping:
        """Return this mapping with fields that have the same value in every row."""
        fixed = {name: Source(value=value) for name, value in same.items()}
        return replace(self, fields={**self.fields, **fixed})

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Yield every field and attribute, as ``fields.…`` and ``attributes.…``."""
        for room, given in (("fields", self.fields), ("attributes", self.attributes)):
            for name, source in given.items():
                yield f"{room}.{name}", as_source(source)

    def check(self, kind: RowKind) -> None:
        """Check that this mapping fits ``kind``.

        :raises GrowingParamException: if not; the message says why and what to do.
        """
        for name in self.fields:
            _check_field(name, kind)
        for place, source in self.sources():
            _check_source(place, source)
        for choices in REQUIRED[kind]:
            if not any(name in self.fields for name in choices):
                raise GrowingParamException(
                    f"mapping: no column is {' or '.join(choices)}; name one under fields, or give "
                    f"every row the same with fields: {choices[0]}: {{value: …}}"
                )

    def check_columns(self, columns: tuple[str, ...], where: str) -> None:
        """Check that the mapped columns exist.

        :raises GrowingParamException: if one does not; the message names it and the closest one.
        """
        named = [(place, source.column) for place, source in self.sources()]
        named += [("spread", column) for column in self.spread]
        for place, column in named:
            if column is not None and not {column, column.partition(".")[0]} & {*columns}:
                raise GrowingParamException(
                    f"mapping: {place} is the column {column!r}, which {where} does not have"
                    f"{hint(column, columns, repr)}"
                )


def as_source(source: str | Source) -> Source:
    """Return a column's name as a source."""
    return Source(source) if isinstance(source, str) else source


def _check_field(name: str, kind: RowKind) -> None:
    if name not in FIELDS[kind]:
        raise GrowingParamException(
            f"mapping: fields.{name} is not a field of kind {kind}"
            f"{hint(name, FIELDS[kind], repr)}; put other names under attributes"
        )


def _check_source(place: str, source: Source) -> None:
    if (source.column is None) == (source.value is None):
        raise GrowingParamException(f"mapping: {place} needs either a column or a value")
    if source.type in TIME_TYPES and place != "fields.event_time":
        raise GrowingParamException(
            f"mapping: {place} cannot have the type {source.type}, which only event_time has"
        )
