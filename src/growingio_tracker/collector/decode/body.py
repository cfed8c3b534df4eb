"""From the bytes of a body to its messages: XOR, decompress, parse."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.json_list import looks_like_json, read_json
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.decode.protobuf import read_protobuf
from growingio_tracker.collector.decode.snappy import decompress
from growingio_tracker.collector.decode.xor import find_key, unmask
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Step
from growingio_tracker.wire import Kind

_Parser = Callable[[], list[Message]]


class Envelope(NamedTuple):
    """What a request says about its body; None when it does not say it.

    ``codec`` is ``X-Compress-Codec``, ``crypt`` ``X-Crypt-Codec``; ``compress`` and ``stm`` come
    from the query.
    """

    content_type: str | None = None
    codec: str | None = None
    crypt: str | None = None
    x_timestamp: str | None = None
    stm: str | None = None
    compress: str | None = None


@dataclass
class Decoded:
    """The messages of a body, the steps that made them, and why they are missing if they are."""

    messages: list[Message] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    reason: Problem | None = None


def decode_body(kind: Kind, envelope: Envelope, body: bytes) -> Decoded:
    """Return what ``body`` holds. Never raises on anything that can arrive."""
    decoded = Decoded()
    try:
        decoded.messages = _messages(kind, envelope, body, decoded.steps)
    except DecodeError as error:
        decoded.reason = error.problem
    return decoded


def _messages(kind: Kind, envelope: Envelope, body: bytes, steps: list[Step]) -> list[Message]:
    if not body:
        raise DecodeError("empty_body")
    body = _decrypted(envelope, body, steps)
    body = _decompressed(envelope, body, steps)
    return _parsed(kind, envelope, body, steps)


def _decrypted(envelope: Envelope, body: bytes, steps: list[Step]) -> bytes:
    if envelope.crypt in (None, "", "0"):
        return body
    if envelope.crypt != "1":
        raise DecodeError("unknown_crypt", crypt=repr(envelope.crypt))
    key, source = find_key(envelope.stm, envelope.x_timestamp)
    steps.append(Step("xor", f"key 0x{key:02x} from {source}"))
    return unmask(body, key)


def _decompressed(envelope: Envelope, body: bytes, steps: list[Step]) -> bytes:
    codec = envelope.codec or "0"
    if codec == "2":
        plain = decompress(body)
        steps.append(Step("snappy", f"{len(body):,} bytes to {len(plain):,}"))
        return plain
    if codec == "3":
        raise DecodeError("unknown_codec", codec=repr(codec))
    if codec == "1" or envelope.compress in ("1", "11"):
        raise DecodeError("unknown_codec", codec=repr(codec))
    if codec != "0":
        raise DecodeError("unknown_codec", codec=repr(codec))
    return body


def _parsed(kind: Kind, envelope: Envelope, body: bytes, steps: list[Step]) -> list[Message]:
    """Try both parsers, the likelier first; its error is the one worth showing."""

    def as_json() -> list[Message]:
        return _counted("json", read_json(body), steps)

    def as_protobuf() -> list[Message]:
        return _counted("protobuf", read_protobuf(kind, body), steps)

    if _protobuf_is_likelier(envelope.content_type or "", body):
        return _first_that_reads(as_protobuf, as_json)
    return _first_that_reads(as_json, as_protobuf)


def _counted(name: str, messages: list[Message], steps: list[Step]) -> list[Message]:
    steps.append(Step(name, f"{len(messages):,} message{'s' * (len(messages) != 1)}"))
    return messages


def _first_that_reads(likely: _Parser, unlikely: _Parser) -> list[Message]:
    try:
        return likely()
    except DecodeError as error:
        try:
            return unlikely()
        except DecodeError:
            raise error from None


def _protobuf_is_likelier(content_type: str, body: bytes) -> bool:
    # A protobuf list may begin with what JSON takes for white space and a bracket.
    if "protobuf" in content_type:
        return True
    return not looks_like_json(body) and "json" not in content_type
