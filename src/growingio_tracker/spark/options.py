"""Options of a write: strings, as Spark passes them, and their parsed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from growingio_tracker.bulk.arguments import MAX_BATCH_ROWS, RATE
from growingio_tracker.bulk.mapping import FIELDS, TIME_TYPES, RowKind, RowMapping
from growingio_tracker.bulk.sending import PATIENCE_S
from growingio_tracker.bulk.typed import Source
from growingio_tracker.config import Configuration, gather, keys, usable
from growingio_tracker.config.keys import unusable
from growingio_tracker.config.settings import Setting
from growingio_tracker.model.option_types import FLAG, NAME, SECONDS, whole
from growingio_tracker.model.options import OptionTypes
from growingio_wire.errors import GrowingParamException
from growingio_wire.near import hint
from growingio_wire.said import Said

WriteKind: TypeAlias = RowKind | Literal["record"]
RECORD: Final[Literal["record"]] = "record"
"""Kind of rows that hold ready records; they have no columns for fields."""
_KINDS: Final[tuple[WriteKind, ...]] = (*FIELDS, RECORD)
_OPTIONS: Final = Said("the options of the write", "写入选项")
BATCH_ROWS: Final = 500
ID_ATTRIBUTE: Final = "event_id"

# Options about closing do not apply, because nothing is queued.
_CONSUMER: Final = {name: key for name, key in keys.CONSUMER.items() if name != "close_timeout_s"}
_SETTINGS: Final = {**_CONSUMER, "format": keys.CHOICES["format"]}
_OF_ROWS: Final = {name: keys.TRACKER[name] for name in ("max_event_bytes", "redact")}
_OWN: Final[OptionTypes] = {
    "kind": NAME,
    "attributes_column": NAME,
    "event_time_type": NAME,
    "event_time_format": NAME,
    "event_time_zone": NAME,
    "id_column": NAME,
    "id_hash": FLAG,
    "id_attribute": NAME,
    "batch_rows": whole(1, MAX_BATCH_ROWS),
    "rate": RATE,
    "patience_s": SECONDS,
    "failed_rows_path": NAME,
    "summary_path": NAME,
}
_SENDING: Final = (
    "kind",
    "batch_rows",
    "rate",
    "patience_s",
    "failed_rows_path",
    "summary_path",
)
_ONLY_EVENTS: Final = ("id_column", "id_hash", "id_attribute")
_ATTRIBUTES: Final[Mapping[RowKind, str]] = {
    "event": "attributes",
    "user": "attributes",
    "item": "item_attrs",
}
COLUMN: Final = "_column"
_OF_SPARK: Final = frozenset({"checkpointlocation", "queryname"})
"""Options that Spark handles itself, but also passes to data sources."""


class WriteOptions(Struct, frozen=True):
    """Parsed options of one write.

    :param configuration: the configuration of the consumer.
    :param values: the other options by name.
    :param mapping: has no meaning for ready records.
    :param id_attribute: the attribute for the id of an event; ``None`` if no id was requested.
    :param id_column: the column with the id; ``None`` is a hash of the row.
    :param batch_rows: rows per request.
    :param rate: rows per second, for each task; ``None`` is as fast as possible.
    :param patience_s: a task fails after this many seconds without an accepted batch.
    :param failed_rows_path: the directory for failed rows; ``None`` fails the task instead.
    :param summary_path: the directory for summaries; ``None`` writes none.
    """

    configuration: Configuration
    kind: WriteKind
    values: dict[str, Any]
    mapping: RowMapping
    id_attribute: str | None = None
    id_column: str | None = None
    batch_rows: int = BATCH_ROWS
    rate: float | None = None
    patience_s: float = PATIENCE_S
    failed_rows_path: str | None = None
    summary_path: str | None = None


def parse(given: Mapping[str, object]) -> WriteOptions:
    """Parse options. Names are case-insensitive; values may be strings or already parsed.

    :raises GrowingParamException: listing every option that is unknown, missing or invalid.
    """
    texts = {name.lower(): str(value) for name, value in given.items()}
    kind = _kind(texts.get("kind", "event"))
    known = _known(kind)
    values: dict[str, Any] = {}
    mistakes = list(_missing(texts))
    for name, text in texts.items():
        if name in known:
            values[name] = known[name].parsed(text)
            try:
                known[name].check(values[name], name)
            except GrowingParamException as error:
                mistakes.append(str(error))
        elif name not in _OF_SPARK:
            mistakes.append(f"unknown option {name}{hint(name, known)}")
    mistakes += _unfit(kind, values)
    if mistakes:
        raise unusable(_OPTIONS, mistakes)
    return _options(kind, values)


def _kind(text: str) -> WriteKind:
    for kind in _KINDS:
        if kind == text:
            return kind
    raise GrowingParamException(
        f"the option kind must be event, user, item or record, got {text!r}"
    )


def _known(kind: WriteKind) -> OptionTypes:
    if kind == "record":
        return {**_SETTINGS, **{name: _OWN[name] for name in _SENDING}}
    of_fields = {f"{name}_{end}": NAME for name in FIELDS[kind] for end in ("column", "value")}
    return {**_SETTINGS, **_OF_ROWS, **_OWN, **of_fields}


def _missing(texts: Mapping[str, str]) -> Iterator[str]:
    for name in keys.IDENTITY:
        if not texts.get(name):
            yield f'{name} is missing: give it with .option("{name}", …)'


def _unfit(kind: WriteKind, values: Mapping[str, Any]) -> Iterator[str]:
    if kind == "record":
        return
    for name in FIELDS[kind]:
        if f"{name}_column" in values and f"{name}_value" in values:
            yield f"{name}_column and {name}_value exclude each other; leave one out"
    if "id_column" in values and values.get("id_hash"):
        yield "id_column and id_hash exclude each other; leave one out"
    if kind != "event":
        for name in _ONLY_EVENTS:
            if name in values:
                yield (
                    f"{name} is for events only; a {kind} that is sent twice is the same as one "
                    "sent once"
                )


def _options(kind: WriteKind, values: dict[str, Any]) -> WriteOptions:
    settings = {
        name: Setting(value, f"the option {name}")
        for name, value in values.items()
        if name in _SETTINGS or name in _OF_ROWS
    }
    settings["strategy"] = Setting("default", "here")
    configuration = gather(environ={}, given=settings)
    usable(configuration)
    has_id = "id_column" in values or values.get("id_hash", False)
    attribute = values.get("id_attribute", ID_ATTRIBUTE) if has_id else None
    own = {name: values[name] for name in _PASSED if name in values}
    mapping = RowMapping() if kind == "record" else _checked_mapping(kind, values, attribute)
    return WriteOptions(configuration, kind, values, mapping, attribute, **own)


def _checked_mapping(
    kind: RowKind, values: Mapping[str, Any], id_attribute: str | None
) -> RowMapping:
    """Return the mapping that options describe. Columns default to the fields' names.

    :param values: the options passed by the user.
    :param id_attribute: see :class:`~growingio_tracker.spark.options.WriteOptions`.
    :raises GrowingParamException: if an option of the time is invalid.
    """
    attributes: dict[str, str | Source] = {}
    if id_attribute is not None and "id_column" in values:
        attributes[id_attribute] = Source(values["id_column"], type="text")
    mapping = RowMapping(
        fields={name: _source(name, values) for name in FIELDS[kind]},
        attributes=attributes,
        spread=(attributes_column(kind, values),),
    )
    mapping.check(kind)
    return mapping


def attributes_column(kind: RowKind, values: Mapping[str, Any]) -> str:
    """Return the name of the column whose members become attributes, even if it does not exist."""
    column: str = values.get("attributes_column", _ATTRIBUTES[kind])
    return column


def _source(name: str, values: Mapping[str, Any]) -> Source:
    if (value := values.get(f"{name}_value")) is not None:
        return Source(value=value)
    column = values.get(name + COLUMN, name)
    if name != "event_time":
        return Source(column)
    type_ = values.get("event_time_type", "as_is")
    if type_ not in ("as_is", *TIME_TYPES):
        raise GrowingParamException(
            f"the option event_time_type must be as_is, {', '.join(TIME_TYPES)}, got {type_!r}"
        )
    shape, zone = values.get("event_time_format"), values.get("event_time_zone")
    return Source(column, type=type_, format=shape, zone=zone)


_PASSED: Final = (
    "id_column",
    "batch_rows",
    "rate",
    "patience_s",
    "failed_rows_path",
    "summary_path",
)
