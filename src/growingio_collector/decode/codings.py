"""Encodings that a request declares for its body, and the supported compressions."""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

from growingio_collector.rules.bodies import LIMITS, MAX_SHOWN
from growingio_wire import lz4, lz_string, snappy
from growingio_wire.errors import DecodeError, DecodeLimits
from growingio_wire.table import COMPRESS_HEADER, CRYPT_HEADER

BEGINNING: Final = 96
"""Bytes from which a compression is recognised."""

_BEFORE_DATA: Final = re.compile(r"(?:^|&)data=")
_AFTER_DATA: Final = re.compile(r"&stm=[^&]*&compress=[^&]*\Z")


class Envelope(NamedTuple):
    """Encodings that a request declares for its body; None if not declared.

    ``codec`` is ``X-Compress-Codec``, ``crypt`` ``X-Crypt-Codec``; ``compress`` and ``stm`` come
    from the query.
    """

    content_type: str | None = None
    codec: str | None = None
    crypt: str | None = None
    x_timestamp: str | None = None
    stm: str | None = None
    compress: str | None = None


def read_envelope(headers: Iterable[tuple[str, str]], query: str) -> Envelope:
    """Return what ``headers`` and the undecoded ``query`` (without ``?``) declare.

    Header names may be in any case. Of a name that occurs twice, the last counts.
    """
    named = {name.lower(): value.strip() for name, value in headers}
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return Envelope(
        content_type=named.get("content-type"),
        codec=named.get(COMPRESS_HEADER.lower()),
        crypt=named.get(CRYPT_HEADER.lower()),
        x_timestamp=named.get("x-timestamp"),
        stm=asked.get("stm"),
        compress=asked.get("compress"),
    )


class Image(NamedTuple):
    """The image form of the Web SDK, a GET: its body, and the rest of its query."""

    body: bytes
    query: str


def read_image(query: str) -> Image | None:
    """Return the body in the undecoded ``query`` (without ``?``); None without ``data=``.

    The SDK does not escape its JSON, so everything after ``data=`` is data, including any ``&``.
    Only Web 3.3 appends ``&stm=…&compress=…``, and then puts nothing before ``data=``.
    """
    found = _BEFORE_DATA.search(query)
    if not found:
        return None
    before, data = query[: found.start()], query[found.end() :]
    after = None if before else _AFTER_DATA.search(data)
    if after:
        before, data = after[0][1:], data[: after.start()]
    # Browsers escape quotation marks and everything beyond ASCII on the way.
    return Image(unquote_to_bytes(data.encode("latin-1")), before)


_Bounded: TypeAlias = Callable[[bytes, DecodeLimits], bytes]


class Coding(NamedTuple):
    """One compression.

    ``step`` is its name in the decoding steps, ``name`` the one for people.
    """

    step: str
    name: str
    whole: _Bounded
    begin: _Bounded

    def decode(self, body: bytes) -> bytes:
        """Return the content.

        :raises DecodeError: if it cannot be read.
        """
        return self.whole(body, LIMITS)

    def start(self, beginning: bytes) -> bytes:
        """Return the first bytes of the content; ``beginning`` are the first ones of a body."""
        return self.begin(beginning, LIMITS)


def _itself(body: bytes, _limits: DecodeLimits) -> bytes:
    return body


def _lz_string(packing: str, whole: _Bounded, begin: _Bounded) -> Coding:
    return Coding("lz-string", f"LZ-String ({packing})", whole, begin)


PLAIN: Final = Coding("plain", "–", _itself, _itself)
LZ_BYTES: Final = _lz_string("bytes", lz_string.expand_bytes, lz_string.start_of_bytes)
LZ_UTF16: Final = _lz_string("UTF-16", lz_string.expand_utf16, lz_string.start_of_utf16)
LZ_URI: Final = _lz_string("URI", lz_string.expand_uri, lz_string.start_of_uri)
SNAPPY: Final = Coding("snappy", "snappy", snappy.decompress, snappy.start_of)
LZ4: Final = Coding("lz4", "LZ4", lz4.decompress, lz4.start_of)

CODINGS: Final = (PLAIN, SNAPPY, LZ4, LZ_BYTES, LZ_UTF16, LZ_URI)

_BY_HEADER: Final = {"0": PLAIN, lz_string.CODEC: LZ_UTF16, snappy.CODEC: SNAPPY, lz4.CODEC: LZ4}
_BY_QUERY: Final = {"1": LZ_BYTES, "11": LZ_URI}


def declared_coding(envelope: Envelope) -> Coding:
    """Return the compression that ``envelope`` declares.

    The header takes precedence over the query: the mini-program SDK sends both and compresses as
    the header says.

    :raises DecodeError: if the header names an unknown one.
    """
    if not envelope.codec:
        return _BY_QUERY.get(envelope.compress or "", PLAIN)
    try:
        return _BY_HEADER[envelope.codec]
    except KeyError:
        raise DecodeError("unknown_codec", codec=repr(envelope.codec[:MAX_SHOWN])) from None


def known_coding(envelope: Envelope) -> Coding | None:
    """Return the compression that ``envelope`` declares; None if it is unknown."""
    try:
        return declared_coding(envelope)
    except DecodeError:
        return None
