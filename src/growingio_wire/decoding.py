"""Limits and errors of decoding, the same for every codec."""

from __future__ import annotations

from msgspec import Struct


class DecodeLimits(Struct, frozen=True, kw_only=True):
    """Limits for decoding one body. Decoders check them before they spend memory or time.

    :param decoded_bytes: bytes after decompression.
    :param steps: entries of LZ-String's table, and sequences of an LZ4 block that are explained.
    :param fields: fields of a protobuf body, including those of nested messages.
    """

    decoded_bytes: int
    steps: int
    fields: int


class DecodeError(Exception):
    """Undecodable bytes of a request, as facts that are turned into sentences where they are shown.

    :param code: a fixed identifier of the mistake, for example ``"not_lz4"``.
    :param offset: position in the input of the step, in bytes (characters for text); ``None`` if
        unknown.
    :param values: further facts by name. ``detail`` is a further identifier, for example
        ``"ends_early"``.
    """

    def __init__(self, code: str, offset: int | None = None, /, **values: str | int) -> None:
        super().__init__(code, values)
        self.code = code
        self.offset = offset
        self.values = values
