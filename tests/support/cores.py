"""Both cores, and what their tests share."""

from __future__ import annotations

import importlib
import threading
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from growingio_tracker.core import IS_COMPILED, Doorway, pure
from growingio_tracker.delivery.binary import protobuf_fields
from growingio_wire.protobuf import encode_message
from growingio_wire.table import SCHEMAS, Kind

COMPILED: Final[Any] = (
    importlib.import_module("growingio_tracker.core.compiled") if (IS_COMPILED) else None
)
CORES: Final[list[Any]] = [pure, *([COMPILED] if IS_COMPILED else [])]

TAG: Final = ("eventType", "CUSTOM")
NAMES: Final = ("timestamp", "eventName", "userKey", "userId", "deviceId", "attributes")
CONSTANTS: Final = (("projectKey", "p"), ("dataSourceId", 'd"s'), ("platform", "python"))
NOW_MS: Final = 1_700_000_000_000


def protobuf_list(core: Any, kind: Kind, otherwise: Any = None) -> Any:
    """The writer of ``core`` for ``kind``; what is unusual goes to the Python writer."""
    schema = SCHEMAS[kind]
    fields = protobuf_fields(schema.fields)
    return core.ProtobufList(schema.list_number, fields, otherwise or partial(encode_message, kind))


def plain_events(core: Any, max_bytes: int = 1 << 20) -> Any:
    return core.PlainEvents(TAG, NAMES, CONSTANTS, max_bytes)


class Taken(NamedTuple):
    """What comes back to a ring."""

    records: Any
    first_seq: Any


class Opened(NamedTuple):
    """An open entrance, and what it lets into."""

    entrance: Any
    admission: Any
    ring: Any
    senders: set[int]
    news: list[int]
    outcomes: object


def opened(core: Any, max_events: int = 3, max_bytes: int = 1000) -> Opened:
    outcomes, senders, news = SimpleNamespace(), set[int](), list[int]()
    admission, ring = core.Admission(), core.Ring(max_events, max_bytes)
    entrance = entrance_to(core, admission, ring, news.append, senders, outcomes)
    entrance.open()
    return Opened(entrance, admission, ring, senders, news, outcomes)


def entrance_to(
    core: Any,
    admission: Any,
    ring: Any,
    announce: Any,
    senders: set[int] | None = None,
    outcomes: object = None,
    receipt_type: Any = None,
    lock: Any = None,
) -> Any:
    """A shut entrance."""
    return core.Entrance(
        receipt_type or core.ReceiptBase,
        *(outcomes, admission, ring, 7, set() if senders is None else senders, announce),
        Doorway(lock or threading.RLock()),
    )
