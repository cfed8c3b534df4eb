"""From the bytes of a body to its messages: XOR, decompress, parse."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from growingio_tracker.collector.decode.codings import PLAIN, Coding, declared_coding, known_coding
from growingio_tracker.collector.decode.diagnose import diagnose, is_puzzling
from growingio_tracker.collector.decode.envelope import Envelope
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.guess import find_coding
from growingio_tracker.collector.decode.limits import MAX_SHOWN
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.decode.parse import ParseError, parse
from growingio_tracker.collector.decode.trail import Said, Trail
from growingio_tracker.collector.decode.xor import Key, key_of, unmask
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Step
from growingio_tracker.wire import Kind

_KEY_FROM_HEADER: Final = Problem("xor_key_from_header")


@dataclass
class Decoded:
    """The messages of a body, the steps that made them, and why they are missing if they are."""

    messages: list[Message] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    reason: Problem | None = None


def decode_body(kind: Kind, envelope: Envelope, body: bytes) -> Decoded:
    """Return what ``body`` holds. Never raises on anything that can arrive.

    A body with another compression than declared is read, and every message warns of it. For one
    that cannot be read the reason names the key or the compression that would read it, if any.
    """
    trail = Trail()
    try:
        return Decoded(_messages(kind, envelope, body, trail), trail.steps)
    except DecodeError as error:
        reason = diagnose(kind, envelope, body) if is_puzzling(error.problem) else None
        return Decoded(steps=trail.steps, reason=reason or error.problem)


def _messages(kind: Kind, envelope: Envelope, body: bytes, trail: Trail) -> list[Message]:
    if not body:
        raise DecodeError("empty_body")
    body, notes = _decrypted(envelope, body, trail)
    try:
        content = _decompressed(envelope, body, trail)
        return _noted(notes, _parsed(kind, envelope, content, trail))
    except DecodeError as error:
        found = _read_otherwise(kind, envelope, body, trail) if is_puzzling(error.problem) else None
        if found is None:
            raise
        return _noted(notes, found)


def _noted(notes: tuple[Problem, ...], messages: list[Message]) -> list[Message]:
    if not notes:
        return messages
    return [
        msgspec.structs.replace(message, problems=(*notes, *message.problems))
        for message in messages
    ]


def _decrypted(envelope: Envelope, body: bytes, trail: Trail) -> tuple[bytes, tuple[Problem, ...]]:
    if envelope.crypt in (None, "", "0"):
        return body, ()
    try:
        key = _key(envelope)
    except DecodeError as error:
        trail.failure("xor", body, error)
        raise
    said = Said(
        f"key 0x{key.byte:02x} from {key.source}", f"密钥 0x{key.byte:02x}，取自 {key.source}"
    )
    notes = (_KEY_FROM_HEADER,) if envelope.stm is None else ()
    return trail.output("xor", said, body, unmask(body, key.byte)), notes


def _key(envelope: Envelope) -> Key:
    if envelope.crypt != "1":
        raise DecodeError("unknown_crypt", crypt=repr((envelope.crypt or "")[:MAX_SHOWN]))
    return key_of(envelope.stm, envelope.x_timestamp)


def _decompressed(envelope: Envelope, body: bytes, trail: Trail) -> bytes:
    try:
        coding = declared_coding(envelope)
    except DecodeError as error:
        trail.failure("decompress", body, error)
        raise
    if coding is PLAIN:
        return body
    try:
        content = coding.decode(body)
    except DecodeError as error:
        trail.failure(coding.step, body, error)
        raise
    return trail.output(coding.step, _sizes(body, content), body, content)


def _sizes(before: bytes, after: bytes) -> Said:
    return Said(
        f"{len(before):,} bytes to {len(after):,}",
        f"由 {len(before):,} 字节变为 {len(after):,} 字节",
    )


def _parsed(kind: Kind, envelope: Envelope, content: bytes, trail: Trail) -> list[Message]:
    try:
        parsed = parse(kind, envelope.content_type, content)
    except ParseError as error:
        trail.failure(error.format, content, error)
        raise
    trail.messages(parsed.format, content, len(parsed.messages))
    return parsed.messages


def _read_otherwise(
    kind: Kind, envelope: Envelope, body: bytes, trail: Trail
) -> list[Message] | None:
    found = find_coding(kind, body, known_coding(envelope))
    if found is None:
        return None
    if found.coding is not PLAIN:
        sizes = _sizes(body, found.content)
        said = Said(f"found by trying: {sizes.en}", f"经尝试得出：{sizes.zh}")
        trail.output(found.coding.step, said, body, found.content)
    trail.messages(found.parsed.format, found.content, len(found.parsed.messages))
    return _noted((_misdeclared(envelope, found.coding),), found.parsed.messages)


def _misdeclared(envelope: Envelope, found: Coding) -> Problem:
    codec, compress = _shown(envelope.codec), _shown(envelope.compress)
    declared = f"X-Compress-Codec: {codec}, compress: {compress}"
    if found is PLAIN:
        return Problem("not_compressed", values={"declared": declared})
    return Problem("compressed_otherwise", values={"declared": declared, "found": found.name})


def _shown(declared: str | None) -> str:
    return (declared or "–")[:MAX_SHOWN]
