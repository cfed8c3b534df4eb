"""Format of messages on a Kafka topic, version 1, in both directions.

The value of a message is one record: its JSON object of the v3 protocol, in UTF-8. The key is the
id of its user or item, so that the events of a user and the states of an item stay in order. The
headers hold the rest, so that relays need not decode values:

===========================  =====================================================================
header                       value, in UTF-8
===========================  =====================================================================
``growingio-record``         the version of this format, ``1``
``growingio-kind``           ``event``, ``item`` or ``mapping``
``growingio-project``        the project's id
``growingio-data-source``    the data source's id
``growingio-event-id``       unique to a message; all its copies share it
===========================  =====================================================================

A message without ``growingio-record`` is raw, as programs without this SDK may write it: its kind,
project and data source are JSON keys of its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import msgspec

from growingio_wire.errors import DecodeError
from growingio_wire.table import Kind, camel

VERSION: Final = "1"
RECORD: Final = "growingio-record"
KIND: Final = "growingio-kind"
PROJECT: Final = "growingio-project"
DATA_SOURCE: Final = "growingio-data-source"
EVENT_ID: Final = "growingio-event-id"

Header: TypeAlias = tuple[str, "str | bytes | None"]
Headers: TypeAlias = Iterable[Header]

_KINDS: Final = {kind.value: kind for kind in Kind}


class Origin(NamedTuple):
    """Kind, project and data source of a record: records that share them may share a request."""

    kind: Kind
    product_id: str
    data_source_id: str


class TopicRecord(NamedTuple):
    """One record of a topic.

    :param event_id: ``None`` in raw messages.
    """

    origin: Origin
    record: bytes
    event_id: str | None


def labels(origin: Origin) -> list[Header]:
    """Return the headers that all records of an origin share: all but the event id."""
    return [
        (RECORD, VERSION.encode()),
        (KIND, origin.kind.value.encode()),
        (PROJECT, origin.product_id.encode()),
        (DATA_SOURCE, origin.data_source_id.encode()),
    ]


def headers_of(one: TopicRecord) -> list[Header]:
    """Return the headers of a record, without that of the event id if it has none."""
    headers = labels(one.origin)
    return headers if one.event_id is None else [*headers, (EVENT_ID, one.event_id.encode())]


class _Said(msgspec.Struct, rename=camel):
    """The fields of a record that tell its origin and its user or item."""

    project_key: str = ""
    data_source_id: str = ""
    user_id: str | None = None
    device_id: str | None = None
    id: str | None = None
    identifies: Mapping[str, str] | None = None

    @property
    def owner(self) -> str | None:
        name = self.user_id or self.device_id or self.id
        if not name and self.identifies:
            name = self.identifies[min(self.identifies)]
        return name or None


_read_said = msgspec.json.Decoder(_Said).decode


class Writer:
    """Keys and headers of the messages that one program writes.

    :param product_id: the project of records that do not contain one.
    :param data_source_id: likewise.
    """

    def __init__(self, product_id: str, data_source_id: str) -> None:
        self._product_id = product_id
        self._data_source_id = data_source_id
        self._labels: dict[tuple[Kind, str, str], list[Header]] = {}

    def described(
        self, kind: Kind, record: bytes, event_id: bytes
    ) -> tuple[bytes | None, list[Header]]:
        """Return the key and the headers of one record.

        The key is the id of the user, else of the device, else of the item. That of a user mapping
        is the first of its identities, sorted by name. Events without a user have no key and may
        go to any partition.
        """
        try:
            said = _read_said(record)
        except (msgspec.DecodeError, UnicodeDecodeError):  # not by a tracker
            said = _Said()
        project, source = said.project_key, said.data_source_id
        origin = kind, project or self._product_id, source or self._data_source_id
        if (common := self._labels.get(origin)) is None:
            common = self._labels[origin] = labels(Origin(*origin))
        owner = said.owner
        return None if owner is None else owner.encode(), [*common, (EVENT_ID, event_id)]


def read(value: bytes | None, headers: Headers | None) -> TopicRecord:
    """Return the record of a message.

    The value is not decoded if the message has the headers of this format.

    :raises DecodeError: if it is not a record; ``code`` tells why: ``no_value``, ``newer_format``,
        ``unknown_kind``, ``no_project``, ``no_data_source``, ``not_text`` (a header that is
        not UTF-8), ``not_json`` or ``unlike_a_message``.
    """
    if not value:
        raise DecodeError("no_value")
    named = dict(headers or ())
    if (version := named.get(RECORD)) is None:
        return TopicRecord(_origin_in(value), value, _text(named.get(EVENT_ID)))
    if _text(version) != VERSION:
        raise DecodeError("newer_format", version=_text(version) or "")
    origin = _origin(named.get(KIND), named.get(PROJECT), named.get(DATA_SOURCE))
    return TopicRecord(origin, value, _text(named.get(EVENT_ID)))


@lru_cache(1024)
def _origin(
    kind: bytes | str | None, project: bytes | str | None, source: bytes | str | None
) -> Origin:
    named = _text(kind) or ""
    if named not in _KINDS:
        raise DecodeError("unknown_kind", kind=named)
    return _whole(_KINDS[named], _text(project), _text(source))


def _whole(kind: Kind, product_id: str | None, data_source_id: str | None) -> Origin:
    if not product_id:
        raise DecodeError("no_project")
    if not data_source_id:
        raise DecodeError("no_data_source")
    return Origin(kind, product_id, data_source_id)


def _text(value: bytes | str | None) -> str | None:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("not_text") from error


class _Raw(msgspec.Struct, rename=camel):
    """The keys of a raw message that tell its kind, project and data source."""

    project_key: str | None = None
    data_source_id: str | None = None
    event_type: str | None = None
    identifies: Mapping[str, str] | None = None
    id: str | None = None
    key: str | None = None

    @property
    def kind(self) -> Kind:
        if self.event_type:
            return Kind.EVENT
        if self.identifies:
            return Kind.MAPPING
        if self.id and self.key:
            return Kind.ITEM
        raise DecodeError("unknown_kind", kind="")


_read_raw = msgspec.json.Decoder(_Raw).decode


def _origin_in(value: bytes) -> Origin:
    """Return the origin of a raw message, from its JSON keys."""
    try:
        raw = _read_raw(value)
    except msgspec.ValidationError as error:
        raise DecodeError("unlike_a_message", detail=str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("not_json", detail=str(error)) from error
    return _whole(raw.kind, raw.project_key, raw.data_source_id)
