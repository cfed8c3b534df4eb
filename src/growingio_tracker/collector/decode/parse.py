"""From the plain bytes of a body to its messages: JSON or protobuf, whichever it is."""

from collections.abc import Callable
from typing import NamedTuple

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.json_list import looks_like_json, looks_like_text, read_json
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.decode.protobuf import read_protobuf
from growingio_tracker.wire import Kind


class Parsed(NamedTuple):
    """Messages and the format in which they came: ``"json"`` or ``"protobuf"``."""

    format: str
    messages: list[Message]


class ParseError(DecodeError):
    """A body that neither parser reads; ``format`` is the one whose reason is shown."""

    def __init__(self, format: str, error: DecodeError) -> None:  # noqa: A002 - as in Parsed
        super().__init__(error.problem.code, offset=error.offset, **error.problem.values)
        self.format = format


_Parser = Callable[[], Parsed]


def parse(kind: Kind, content_type: str | None, content: bytes) -> Parsed:
    """Return the messages of ``content``.

    ``content_type`` only says which parser is tried first: clients send the wrong one, or none.

    :raises ParseError: the error of the likelier parser is the one worth showing.
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
    # A protobuf list may begin with what JSON takes for white space and a bracket.
    if "protobuf" in content_type:
        return True
    if "json" in content_type or looks_like_json(content):
        return False
    # No list of messages begins with a printable character in protobuf.
    return not looks_like_text(content)
