"""One raw snappy block: ``X-Compress-Codec: 2``."""

import cramjam

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.limits import MAX_DECODED_BYTES

# Snappy's densest element makes 64 bytes of 3; a block that declares more is not snappy.
_MOST_BYTES, _FROM_BYTES = 64, 3

_LENGTH_BYTES = 5


def _declared_length(body: bytes) -> int:
    length = 0
    for place, byte in enumerate(body[:_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length
    raise DecodeError("not_snappy", detail="it does not start with the length of one")


def decompress(body: bytes) -> bytes:
    """Return the content of the snappy block ``body``.

    :raises DecodeError: when it is not snappy, or declares a length that is over the limit or
        that its size cannot yield. The length is checked before memory is reserved for it.
    """
    length = _declared_length(body)
    if length > MAX_DECODED_BYTES:
        raise DecodeError("too_large_decoded", size=length, most=MAX_DECODED_BYTES)
    if length * _FROM_BYTES > len(body) * _MOST_BYTES:
        detail = f"it declares {length:,} bytes, which {len(body):,} bytes cannot hold"
        raise DecodeError("not_snappy", detail=detail)
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise DecodeError("not_snappy", detail=str(error)) from None
