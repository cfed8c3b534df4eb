"""Parsing of plain bodies, JSON or protobuf, with the mistakes in each message."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from growingio_collector.decode.json_reading import (
    looks_like_json,
    looks_like_text,
    read_json,
    too_many,
)
from growingio_collector.rules.bodies import LIMITS, MAX_EVENTS, NAME_WITHOUT_TYPE
from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.issue import Issue, as_issue
from growingio_wire.errors import DecodeError
from growingio_wire.protobuf import TYPE_NAMES, read_message, split_list
from growingio_wire.protobuf_fields import Budget
from growingio_wire.table import Kind


class Parsed(NamedTuple):
    """Messages and the format in which they came: ``"json"`` or ``"protobuf"``."""

    format: str
    messages: list[DecodedMessage]


class ParseError(DecodeError):
    """Neither parser can read a body; ``format`` is the one whose reason is shown."""

    def __init__(self, tried: str, error: DecodeError) -> None:
        super().__init__(error.code, error.offset, **error.values)
        self.format = tried


_Parser = Callable[[], Parsed]


def parse(kind: Kind, content_type: str | None, content: bytes) -> Parsed:
    """Return the messages of ``content``.

    ``content_type`` only decides which parser is tried first: clients send wrong ones, or none.

    :raises ParseError: with the error of the likelier parser.
    """

    def as_json() -> Parsed:
        return Parsed("json", read_json(content))

    def as_protobuf() -> Parsed:
        return Parsed("protobuf", read_protobuf(kind, content))

    if _protobuf_is_likelier(content_type or "", content):
        return _first_that_reads("protobuf", as_protobuf, as_json)
    return _first_that_reads("json", as_json, as_protobuf)


def _first_that_reads(name: str, likely: _Parser, unlikely: _Parser) -> Parsed:
    try:
        return likely()
    except DecodeError as error:
        try:
            return unlikely()
        except DecodeError:
            raise ParseError(name, error) from None


def _protobuf_is_likelier(content_type: str, content: bytes) -> bool:
    # A protobuf list may begin with bytes that are white space and a bracket in JSON.
    if "protobuf" in content_type:
        return True
    if "json" in content_type or looks_like_json(content):
        return False
    # In protobuf, no list of messages begins with a printable character.
    return not looks_like_text(content)


def read_protobuf(kind: Kind, body: bytes) -> list[DecodedMessage]:
    """Return the messages of ``body``, a list of messages of one kind.

    A message that cannot be read is returned as its issue; its neighbours are not affected.

    :raises DecodeError: if the list itself cannot be read, or holds too many messages or none.
    """
    budget = Budget(LIMITS.fields)
    found = split_list(kind, body, budget)
    if len(found) > MAX_EVENTS:
        raise too_many(len(found))
    return [_message(kind, data, budget) for data in found]


def _message(kind: Kind, data: bytes, budget: Budget) -> DecodedMessage:
    try:
        message = read_message(kind, data, budget)
    except DecodeError as error:
        return DecodedMessage(None, (as_issue(error),))
    issues = _fill_in_type(message) if kind is Kind.EVENT else ()
    return DecodedMessage(msgspec.json.encode(message), issues)


def _fill_in_type(message: dict[str, object]) -> tuple[Issue, ...]:
    """Add the type that protobuf omits because its number is 0."""
    if "eventType" in message:
        return ()
    message["eventType"] = TYPE_NAMES[0]
    if "eventName" not in message:
        return ()
    return (NAME_WITHOUT_TYPE.issue("eventType", meaning=TYPE_NAMES[0]),)
