"""What the store's queries ask about a message, in place of SQLite's JSON functions."""

import sqlite3

import msgspec

from growingio_tracker.collector.rows import as_object, read_object


def attributes_of(text: str | None) -> dict[str, object]:
    """Return a message's attributes, or a mapping's identities; empty when there are none."""
    message = read_object(text or "null") or {}
    return as_object(message.get("attributes")) or as_object(message.get("identifies")) or {}


def as_text(value: object) -> str:
    """Return a JSON value as it is compared and shown: text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def attribute_is(text: str | None, key: str, wanted: str) -> bool:
    """Tell whether the message has an attribute ``key`` that reads ``wanted``."""
    attributes = attributes_of(text)
    return key in attributes and as_text(attributes[key]) == wanted


def mentions(text: str | None, wanted: str) -> bool:
    r"""Tell whether the message holds ``wanted`` in any case, its ``\uXXXX`` written out."""
    message = read_object(text or "null")
    return wanted.casefold() in msgspec.json.encode(message).decode().casefold()


def add_functions(connection: sqlite3.Connection) -> None:
    """Make them known to ``connection``."""
    connection.create_function("attribute_is", 3, attribute_is, deterministic=True)
    connection.create_function("mentions", 2, mentions, deterministic=True)
