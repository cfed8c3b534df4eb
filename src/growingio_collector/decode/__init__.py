"""Decoding of requests: XOR, decompression, parsing, and bodies that fit none of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from growingio_collector.decode.codings import (
    PLAIN,
    Coding,
    Envelope,
    declared_coding,
    known_coding,
    read_envelope,
    read_image,
)
from growingio_collector.decode.guessing import diagnose, find_coding, is_puzzling
from growingio_collector.decode.parsing import ParseError, parse
from growingio_collector.rules.bodies import CONTENT_TYPE_DISAGREES, MAX_SHOWN
from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.compression import COMPRESSED_OTHERWISE, NOT_COMPRESSED
from growingio_collector.rules.encryption import XOR_KEY_FROM_HEADER
from growingio_collector.rules.issue import Issue, as_issue
from growingio_collector.rules.requests import NO_DATA
from growingio_collector.store.rows import Step
from growingio_wire.errors import DecodeError
from growingio_wire.said import Said
from growingio_wire.table import Kind
from growingio_wire.xor import CODEC, Key, key_of, xor

__all__ = ["DecodeError", "Decoded", "Envelope", "decode_body", "decode_request"]

_OTHER_FORMATS: Final = {"json": ("protobuf",), "protobuf": ("json",)}
_NEITHER_FORMAT: Final = ("form-", "multipart/", "html", "xml", "image/", "audio/", "video/")
"""Parts of content types that no valid body has; text and octet-stream may be anything."""

_SHOWN_TYPE: Final = 60
"""Characters shown of a content type."""

_SHOWN_BYTES: Final = 32
"""Bytes shown of each step's output."""


class Trail:
    """The steps so far; ``steps`` grows with each of them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def output(self, name: str, said: Said, taken: bytes, given: bytes) -> bytes:
        """Note a step from ``taken`` to ``given``, and return ``given``."""
        self.steps.append(
            Step(
                name,
                said.en,
                in_bytes=len(taken),
                out_bytes=len(given),
                head_hex=given[:_SHOWN_BYTES].hex(" "),
                detail_zh=said.zh,
            )
        )
        return given

    def messages(self, name: str, taken: bytes, count: int) -> None:
        """Note a step that read ``count`` messages from ``taken``."""
        detail = f"{count:,} message{'s' * (count != 1)}"
        self.steps.append(Step(name, detail, in_bytes=len(taken), detail_zh=f"{count:,} 条消息"))

    def failure(self, name: str, taken: bytes, error: DecodeError) -> None:
        """Note a step that failed on ``taken``."""
        found = as_issue(error).found
        self.steps.append(
            Step(
                name,
                found.en,
                ok=False,
                in_bytes=len(taken),
                offset=error.offset,
                detail_zh=found.zh,
            )
        )


@dataclass
class Decoded:
    """The messages of a body, the decoding steps, and the reason if there are no messages."""

    messages: list[DecodedMessage] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    reason: Issue | None = None


def decode_request(
    kind: Kind, method: str, query: str, headers: Iterable[tuple[str, str]], body: bytes
) -> Decoded:
    """Decode a request to a collect path. Never raises, whatever arrives.

    :param method: ``"GET"`` for an image request, whose body is in the query; anything else has
        it in ``body``.
    :param query: as it came, not decoded, without ``?``.
    """
    if method != "GET":
        return decode_body(kind, read_envelope(headers, query), body)
    image = read_image(query)
    if image is None:
        return Decoded(reason=NO_DATA.issue())
    trail = Trail()
    size = f"{len(image.body):,}"
    said = Said(f"data= of the URL, {size} bytes", f"URL 中的 data=，{size} 字节")
    trail.output("image", said, query.encode("latin-1"), image.body)
    decoded = decode_body(kind, read_envelope(headers, image.query), image.body)
    decoded.steps[:0] = trail.steps
    return decoded


def decode_body(kind: Kind, envelope: Envelope, body: bytes) -> Decoded:
    """Decode ``body``. Never raises, whatever arrives.

    A body with another compression than declared is decoded, and every message gets a warning. If
    another key or an unsupported compression explains a failure, the reason names it.
    """
    trail = Trail()
    try:
        return Decoded(_messages(kind, envelope, body, trail), trail.steps)
    except DecodeError as error:
        reason = diagnose(kind, envelope, body) if is_puzzling(error) else None
        return Decoded(steps=trail.steps, reason=reason or as_issue(error))


def _messages(kind: Kind, envelope: Envelope, body: bytes, trail: Trail) -> list[DecodedMessage]:
    if not body:
        raise DecodeError("empty_body")
    body, notes = _decrypted(envelope, body, trail)
    try:
        content = _decompressed(envelope, body, trail)
        return _noted(notes, _parsed(kind, envelope, content, trail))
    except DecodeError as error:
        found = _read_otherwise(kind, envelope, body, trail) if is_puzzling(error) else None
        if found is None:
            raise
        return _noted(notes, found)


def _noted(notes: tuple[Issue, ...], messages: list[DecodedMessage]) -> list[DecodedMessage]:
    if not notes:
        return messages
    return [
        msgspec.structs.replace(message, issues=(*notes, *message.issues)) for message in messages
    ]


def _decrypted(envelope: Envelope, body: bytes, trail: Trail) -> tuple[bytes, tuple[Issue, ...]]:
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
    notes = (XOR_KEY_FROM_HEADER.issue(),) if envelope.stm is None else ()
    return trail.output("xor", said, body, xor(body, key.byte)), notes


def _key(envelope: Envelope) -> Key:
    if envelope.crypt != CODEC:
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


def _parsed(kind: Kind, envelope: Envelope, content: bytes, trail: Trail) -> list[DecodedMessage]:
    try:
        parsed = parse(kind, envelope.content_type, content)
    except ParseError as error:
        trail.failure(error.format, content, error)
        raise
    trail.messages(parsed.format, content, len(parsed.messages))
    return _noted(_disagreement(envelope, parsed.format), parsed.messages)


def _disagreement(envelope: Envelope, found: str) -> tuple[Issue, ...]:
    """Return an issue if the content type names another format; many name none."""
    declared = envelope.content_type or ""
    others = (*_OTHER_FORMATS[found], *_NEITHER_FORMAT)
    if not any(other in declared.lower() for other in others):
        return ()
    return (CONTENT_TYPE_DISAGREES.issue(found=found, declared=declared[:_SHOWN_TYPE]),)


def _read_otherwise(
    kind: Kind, envelope: Envelope, body: bytes, trail: Trail
) -> list[DecodedMessage] | None:
    found = find_coding(kind, body, known_coding(envelope))
    if found is None:
        return None
    if found.coding is not PLAIN:
        sizes = _sizes(body, found.content)
        said = Said(f"found by trying: {sizes.en}", f"经尝试得出：{sizes.zh}")
        trail.output(found.coding.step, said, body, found.content)
    trail.messages(found.parsed.format, found.content, len(found.parsed.messages))
    disagreement = _disagreement(envelope, found.parsed.format)
    return _noted((_misdeclared(envelope, found.coding), *disagreement), found.parsed.messages)


def _misdeclared(envelope: Envelope, found: Coding) -> Issue:
    codec, compress = _shown(envelope.codec), _shown(envelope.compress)
    declared = f"X-Compress-Codec: {codec}, compress: {compress}"
    if found is PLAIN:
        return NOT_COMPRESSED.issue(declared=declared)
    return COMPRESSED_OTHERWISE.issue(declared=declared, found=found.name)


def _shown(declared: str | None) -> str:
    return (declared or "–")[:MAX_SHOWN]
