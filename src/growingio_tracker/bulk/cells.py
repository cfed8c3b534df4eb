"""Cells of typed sources (Parquet, Spark, databases), converted to values of rows.

UTF-8 bytes become strings, times of day and durations become ISO 8601 strings, and network
addresses become their text. All other values stay as they are. A database driver that would raise
amid a fetch is made to return :class:`UnreadableCell`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from importlib import import_module
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

Change: TypeAlias = Callable[[Any], Any]


class UnreadableCell:
    """A cell that Python cannot represent, such as a time after the year 9999.

    :param raw: the source's value; ``None`` if the driver does not provide it.
    """

    def __init__(self, raw: object) -> None:
        self._raw = raw

    def __str__(self) -> str:
        return "unreadable" if self._raw is None else str(self._raw)


def decoded(value: Any) -> Any:
    """Return UTF-8 bytes as a string, and other bytes unchanged."""
    content = bytes(value)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def iso(value: time | timedelta) -> str:
    """Return a time of day or a duration as ISO 8601 text, such as ``08:30:00``."""
    written: str = msgspec.to_builtins(value)
    return written


_ADDRESSES: Final = (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
CHANGES: Final[Mapping[type, Change]] = {
    bytes: decoded,
    bytearray: decoded,
    memoryview: decoded,
    time: iso,
    timedelta: iso,
    **dict.fromkeys(_ADDRESSES, str),
}
"""Conversions of values by type, for the types that need one."""


def plain(value: Any) -> Any:
    """Return a value as it is represented in rows."""
    change = CHANGES.get(value.__class__)
    return value if change is None else change(value)


def tolerate(driver: str, connection: Any) -> None:
    """Let a connection return :class:`UnreadableCell` for values that Python cannot represent.

    Otherwise, the driver raises during a fetch, and the other rows of the fetch are lost.

    :param driver: SQLAlchemy's name of the driver.
    :param connection: the driver's own connection.
    """
    if (change := _TOLERANCES.get(driver)) is not None:
        change(connection)


def _tolerate_sqlite(connection: Any) -> None:
    def text(content: bytes) -> object:
        try:
            return content.decode()
        except UnicodeDecodeError:
            return UnreadableCell(content)

    connection.text_factory = text


def _tolerate_psycopg(connection: Any) -> None:
    adapters = connection.adapters
    loader = import_module("psycopg.adapt").Loader
    for name in ("date", "time", "timetz", "timestamp", "timestamptz", "interval"):
        oid = adapters.types[name].oid
        adapters.register_loader(oid, _tolerant(loader, adapters.get_loader(oid, 0)))


def _tolerant(base: Any, kind: Any) -> Any:
    """Return a loader for times that Python may not be able to represent, such as ``infinity``."""

    class Tolerant(base):  # type: ignore[misc]  # of a package without which this is not reached
        def __init__(self, oid: int, context: Any) -> None:
            base.__init__(self, oid, context)
            self._load = kind(oid, context).load

        def load(self, data: Any) -> object:
            try:
                return self._load(data)
            except (ValueError, ArithmeticError, base_error):
                return UnreadableCell(bytes(data).decode())

    base_error = import_module("psycopg").Error
    return Tolerant


class _Times(NamedTuple):
    """A PostgreSQL type for times: its id, its arrays' id, and values that Python cannot hold."""

    oid: int
    array_oid: int
    beyond: re.Pattern[str]


_NO_DAY: Final = re.compile(r"infinity|\bBC\b|\b\d{5,}-\d\d")
_NO_TIME: Final = re.compile(r"\b24:00:00")
_NO_LENGTH: Final = re.compile("infinity")
_POSTGRESQL_TIMES: Final = (
    _Times(1082, 1182, _NO_DAY),  # date
    _Times(1114, 1115, _NO_DAY),  # timestamp
    _Times(1184, 1185, _NO_DAY),  # timestamptz
    _Times(1083, 1183, _NO_TIME),  # time
    _Times(1266, 1270, _NO_TIME),  # timetz
    _Times(1186, 1187, _NO_LENGTH),  # interval
)


def _tolerate_psycopg2(connection: Any) -> None:
    extensions = import_module("psycopg2.extensions")
    for times in _POSTGRESQL_TIMES:
        read = _reading(extensions.string_types[times.oid], times.beyond)
        one = extensions.new_type((times.oid,), "TIME", read)
        several = extensions.new_array_type((times.array_oid,), "TIMES", one)
        for each in (one, several):
            extensions.register_type(each, connection)


def _tolerate_pg8000(connection: Any) -> None:
    usual = import_module("pg8000.converters").PG_TYPES
    for times in _POSTGRESQL_TIMES:
        for oid in (times.oid, times.array_oid):
            connection.register_in_adapter(oid, _reading(usual.get(oid, str), times.beyond))


def _reading(usual: Callable[..., object], beyond: re.Pattern[str]) -> Callable[..., object]:
    """Return a reader like ``usual`` that returns :class:`UnreadableCell` for ``beyond``."""

    def read(text: str | None, *cursor: object) -> object:
        if text is None:
            return None
        # The drivers read some of these as another day, and raise various errors for others.
        if beyond.search(text):
            return UnreadableCell(text)
        try:
            return usual(text, *cursor)
        except Exception:
            return UnreadableCell(text)

    return read


_TOLERANCES: Final[Mapping[str, Callable[[Any], None]]] = {
    "pysqlite": _tolerate_sqlite,
    "psycopg": _tolerate_psycopg,
    "psycopg2": _tolerate_psycopg2,
    "pg8000": _tolerate_pg8000,
}
