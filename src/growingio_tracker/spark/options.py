"""The options of a write: texts, as Spark passes them on, become values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from msgspec import Struct

from growingio_tracker._near import hint
from growingio_tracker.bulk.mapping import FIELDS, RowKind, RowMapping
from growingio_tracker.bulk.pace import Pace
from growingio_tracker.bulk.sending import PATIENCE_S
from growingio_tracker.config import keys
from growingio_tracker.config.build import Configuration, gather, unusable, usable
from growingio_tracker.config.keys import BOOLEAN, INTEGER, NAMES, NUMBER, TEXT, Key
from growingio_tracker.config.settings import Setting, masked
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.spark.columns import mapping_of

BATCH_ROWS: Final = 500
ID_ATTRIBUTE: Final = "event_id"

# How a consumer closes has no meaning for one that queues nothing.
_CONSUMER: Final = {name: key for name, key in keys.CONSUMER.items() if name != "close_timeout_s"}
_SETTINGS: Final = {**keys.IDENTITY, **_CONSUMER, "format": TEXT}
_OF_ROWS: Final = {"max_event_bytes": INTEGER, "redact": NAMES}
_OWN: Final[Mapping[str, Key]] = {
    "kind": TEXT,
    "attributes_column": TEXT,
    "event_time_type": TEXT,
    "event_time_format": TEXT,
    "event_time_zone": TEXT,
    "id_column": TEXT,
    "id_hash": BOOLEAN,
    "id_attribute": TEXT,
    "batch_rows": INTEGER,
    "rate": NUMBER,
    "patience_s": NUMBER,
    "failed_rows_path": TEXT,
    "summary_path": TEXT,
}
_ONLY_EVENTS: Final = ("id_column", "id_hash", "id_attribute")
_OF_SPARK: Final = frozenset({"checkpointlocation", "queryname"})
"""Options of a stream that Spark obeys itself, and shows to us as well."""


class WriteOptions(Struct, frozen=True):
    """What the options of one write say.

    :param configuration: what a consumer is built from.
    :param values: our own options that were given, each by its name.
    :param id_attribute: the attribute for the id of an event; ``None`` when no id was asked for.
    :param id_column: where the id comes from; ``None`` is a hash of the row.
    :param batch_rows: rows of one request.
    :param rate: rows a second of one task; ``None`` is as fast as possible.
    :param patience_s: seconds without an accepted batch after which a task fails.
    :param failed_rows_path: the directory for rows that fail; ``None`` fails the task instead.
    :param summary_path: the directory for summaries; ``None`` writes none.
    """

    configuration: Configuration
    kind: RowKind
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
    """Read options; names count in any case, and values may be texts or what they stand for.

    :raises GrowingParamException: naming every option that is unknown, missing or unusable.
    """
    texts = {name.lower(): str(value) for name, value in given.items()}
    kind = _kind(texts.get("kind", "event"))
    known = _known(kind)
    values: dict[str, Any] = {}
    mistakes = list(_missing(texts))
    for name, text in texts.items():
        if name in known:
            try:
                values[name] = known[name].from_text(text)
            except ValueError:
                mistakes.append(f"{name} must be {known[name].kind}, got {masked(name, text)}")
        elif name not in _OF_SPARK:
            mistakes.append(f"there is no option {name}{hint(name, known)}")
    mistakes += _unfit(kind, values)
    if mistakes:
        raise unusable("the options of the write", mistakes)
    return _options(kind, values)


def _kind(text: str) -> RowKind:
    if text not in FIELDS:
        raise GrowingParamException(f"the option kind must be event, user or item, got {text!r}")
    return cast("RowKind", text)


def _known(kind: RowKind) -> dict[str, Key]:
    of_fields = {f"{name}_{end}": TEXT for name in FIELDS[kind] for end in ("column", "value")}
    return {**_SETTINGS, **_OF_ROWS, **_OWN, **of_fields}


def _missing(texts: Mapping[str, str]) -> Iterator[str]:
    for name in keys.IDENTITY:
        if not texts.get(name):
            yield f'{name} is missing: give it with .option("{name}", …)'


def _unfit(kind: RowKind, values: Mapping[str, Any]) -> Iterator[str]:
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


def _options(kind: RowKind, values: dict[str, Any]) -> WriteOptions:
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
    rate = values.get("rate")
    own = {name: values[name] for name in _PASSED if name in values}
    mapping = mapping_of(kind, values, attribute)
    mapping.check(kind)
    Pace(rate).batch(values.get("batch_rows", BATCH_ROWS))
    return WriteOptions(configuration, kind, values, mapping, attribute, **own)


_PASSED: Final = (
    "id_column",
    "batch_rows",
    "rate",
    "patience_s",
    "failed_rows_path",
    "summary_path",
)
