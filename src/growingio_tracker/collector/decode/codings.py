"""The compressions that the wire knows: how each is declared, read, and recognised."""

from collections.abc import Callable
from typing import Final, NamedTuple

from growingio_tracker.collector.decode import lz4, lz_string, snappy
from growingio_tracker.collector.decode.envelope import Envelope
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.limits import MAX_SHOWN

BEGINNING: Final = 96
"""Bytes from which a compression is recognised."""


class Coding(NamedTuple):
    """One compression.

    ``step`` is its name in the decoding steps, ``name`` the one for people. ``decode`` returns
    the content or raises ``DecodeError``; ``start`` takes the first bytes of a body, returns the
    first ones of the content, and never raises.
    """

    step: str
    name: str
    decode: Callable[[bytes], bytes]
    start: Callable[[bytes], bytes]


def _itself(body: bytes) -> bytes:
    return body


PLAIN: Final = Coding("plain", "–", _itself, _itself)
LZ_BYTES: Final = Coding(
    "lz-string", "LZ-String (bytes)", lz_string.expand_bytes, lz_string.start_of_bytes
)
LZ_UTF16: Final = Coding(
    "lz-string", "LZ-String (UTF-16)", lz_string.expand_utf16, lz_string.start_of_utf16
)
LZ_URI: Final = Coding("lz-string", "LZ-String (URI)", lz_string.expand_uri, lz_string.start_of_uri)
SNAPPY: Final = Coding("snappy", "snappy", snappy.decompress, snappy.start_of)
LZ4: Final = Coding("lz4", "LZ4", lz4.decompress, lz4.start_of)

CODINGS: Final = (PLAIN, SNAPPY, LZ4, LZ_BYTES, LZ_UTF16, LZ_URI)

_BY_HEADER: Final = {"0": PLAIN, "1": LZ_UTF16, "2": SNAPPY, "3": LZ4}
_BY_QUERY: Final = {"1": LZ_BYTES, "11": LZ_URI}


def declared_coding(envelope: Envelope) -> Coding:
    """Return the compression that ``envelope`` declares.

    The header counts before the query: the mini-program SDK sends both, and packs as the header
    says.

    :raises DecodeError: when the header names none that is known.
    """
    if not envelope.codec:
        return _BY_QUERY.get(envelope.compress or "", PLAIN)
    try:
        return _BY_HEADER[envelope.codec]
    except KeyError:
        raise DecodeError("unknown_codec", codec=repr(envelope.codec[:MAX_SHOWN])) from None


def known_coding(envelope: Envelope) -> Coding | None:
    """Return the compression that ``envelope`` declares, and None when it names an unknown one."""
    try:
        return declared_coding(envelope)
    except DecodeError:
        return None
