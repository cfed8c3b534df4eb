"""Which column becomes what, by the names of the documented API and by options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from growingio_tracker.bulk.mapping import FIELDS, REQUIRED, TIME_TYPES, RowKind, RowMapping, Source
from growingio_tracker.exceptions import GrowingParamException

_ATTRIBUTES: Final[Mapping[RowKind, str]] = {
    "event": "attributes",
    "user": "attributes",
    "item": "item_attrs",
}
_COLUMN: Final = "_column"


def mapping_of(kind: RowKind, values: Mapping[str, Any], id_attribute: str | None) -> RowMapping:
    """Return the mapping that options describe: what is not named has the field's name.

    :param values: the options that were given.
    :param id_attribute: see :class:`~growingio_tracker.spark.options.WriteOptions`.
    :raises GrowingParamException: when an option about the time cannot be used.
    """
    attributes: dict[str, str | Source] = {}
    if id_attribute is not None and "id_column" in values:
        attributes[id_attribute] = Source(values["id_column"], type="text")
    return RowMapping(
        fields={name: _source(name, values) for name in FIELDS[kind]},
        attributes=attributes,
        spread=(_attributes_column(kind, values),),
    )


def check_schema(kind: RowKind, values: Mapping[str, Any], schema: Mapping[str, bool]) -> None:
    """Check that rows of this schema can be written; Spark's tasks need not find out.

    :param values: the options that were given.
    :param schema: column → whether it holds maps or structs.
    :raises GrowingParamException: naming the column, and the option that helps.
    """
    for option, column in values.items():
        if option.endswith(_COLUMN) and column not in schema:
            raise GrowingParamException(
                f"the option {option} names the column {column!r}, and the rows have only: "
                f"{', '.join(schema)}"
            )
    for choices in REQUIRED[kind]:
        if not any(_is_there(name, values, schema) for name in choices):
            raise GrowingParamException(
                f"the rows have no column {' or '.join(choices)}; name it with the option "
                f"{choices[0]}_column, or give every row the same with {choices[0]}_value"
            )
    column = _attributes_column(kind, values)
    if not schema.get(column, True):
        raise GrowingParamException(
            f"the column {column!r} must be a map or a struct, whose members become attributes; "
            "rename a column that is none, or name another with the option attributes_column"
        )


def _is_there(name: str, values: Mapping[str, Any], schema: Mapping[str, bool]) -> bool:
    return f"{name}_value" in values or values.get(name + _COLUMN, name) in schema


def _attributes_column(kind: RowKind, values: Mapping[str, Any]) -> str:
    column: str = values.get("attributes_column", _ATTRIBUTES[kind])
    return column


def _source(name: str, values: Mapping[str, Any]) -> Source:
    if (value := values.get(f"{name}_value")) is not None:
        return Source(value=value)
    column = values.get(name + _COLUMN, name)
    if name != "event_time":
        return Source(column)
    type_ = values.get("event_time_type", "as_is")
    if type_ not in ("as_is", *TIME_TYPES):
        raise GrowingParamException(
            f"the option event_time_type must be as_is, {', '.join(TIME_TYPES)}, got {type_!r}"
        )
    shape, zone = values.get("event_time_format"), values.get("event_time_zone")
    return Source(column, type=type_, format=shape, zone=zone)
