"""Which column becomes which field of a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from growingio_tracker._near import hint
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import PRESET_PROPERTIES

RowKind: TypeAlias = Literal["event", "user", "item"]
"""What a row becomes: a custom event, a user's attributes, or an item of a dimension table."""

ValueType: TypeAlias = Literal[
    "as_is", "text", "int", "float", "bool", "list", "ms", "seconds", "datetime"
]

ERROR_COLUMN: Final = "growingio_import_error"
"""The column of a file of failed rows that says why; an import passes over it."""

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
"""Of each kind the groups of fields of which one has to be there."""


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where one value comes from, and what it is.

    :param column: the column's name. Either this or ``value`` is given.
    :param value: the same value for every row.
    :param type: ``"as_is"`` keeps what the file holds: text from CSV, so that ``00123`` stays
        ``00123``. ``"text"``, ``"int"``, ``"float"`` and ``"bool"`` (true/false, yes/no, 1/0)
        convert; ``"list"`` splits text. For event_time only: ``"ms"`` and ``"seconds"`` since
        1970, and ``"datetime"``. There ``"as_is"`` takes milliseconds and ISO 8601 text.
    :param format: of ``"datetime"``, as for :meth:`datetime.datetime.strptime`; ``None`` is
        ISO 8601.
    :param zone: of a time without one, for instance ``Asia/Shanghai``; ``None`` is this machine's.
    :param separator: of ``"list"``.
    """

    column: str | None = None
    value: str | int | float | bool | None = None
    type: ValueType = "as_is"
    format: str | None = None
    zone: str | None = None
    separator: str = ","


class RowMapping(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which column becomes which field of a message.

    :param fields: field → column, or :class:`Source`. The fields of an event are ``event_name``,
        ``anonymous_id``, ``login_user_id``, ``login_user_key``, ``event_time`` and the preset
        properties; of a user the same without ``event_name`` and presets; of an item ``item_key``
        and ``item_id``.
    :param attributes: attribute → column, or :class:`Source`.
    :param spread: columns that hold objects, whose members become attributes.
    :param ignore: columns that are not sent.
    :param rest: what happens to the other columns: ``"attributes"`` sends each as the attribute
        of its name, ``"ignore"`` does not send them.
    """

    fields: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    attributes: dict[str, str | Source] = field(default_factory=dict[str, str | Source])
    spread: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rest: Literal["attributes", "ignore"] = "attributes"

    @staticmethod
    def by_name(kind: RowKind) -> RowMapping:
        """Return the mapping of rows whose columns have the names of the fields."""
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
        """Check that rows of ``kind`` can be made.

        :raises GrowingParamException: naming what is wrong, and what to do.
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
        """Check that the columns that are named exist.

        :raises GrowingParamException: naming one that does not, and the nearest that does.
        """
        named = [(place, source.column) for place, source in self.sources()]
        named += [("spread", column) for column in self.spread]
        for place, column in named:
            if column is not None and column not in columns:
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
            f"mapping: fields.{name} is no field of kind {kind}{hint(name, FIELDS[kind], repr)}; "
            "what is no field goes under attributes"
        )


def _check_source(place: str, source: Source) -> None:
    if (source.column is None) == (source.value is None):
        raise GrowingParamException(f"mapping: {place} needs either a column or a value")
    if source.type in TIME_TYPES and place != "fields.event_time":
        raise GrowingParamException(
            f"mapping: {place} cannot have the type {source.type}, which only event_time has"
        )
