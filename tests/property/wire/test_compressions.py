"""LZ-String and LZ4 on any content and any bytes."""

import re
import tracemalloc
from collections.abc import Callable

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_wire import lz4, lz_string
from growingio_wire.errors import DecodeError, DecodeLimits
from lz_packing import as_bytes, as_uri, as_utf16

Function = Callable[[bytes, DecodeLimits], bytes]

LIMITS = DecodeLimits(decoded_bytes=16_000_000, steps=500_000, fields=500_000)

PACKINGS = pytest.mark.parametrize(
    ("pack", "expand", "start"),
    [
        (as_bytes, lz_string.expand_bytes, lz_string.start_of_bytes),
        (as_uri, lz_string.expand_uri, lz_string.start_of_uri),
        (as_utf16, lz_string.expand_utf16, lz_string.start_of_utf16),
    ],
)
DECODERS = pytest.mark.parametrize(
    "decoder",
    [
        lz4.decompress,
        lz4.start_of,
        lz_string.expand_bytes,
        lz_string.expand_uri,
        lz_string.expand_utf16,
        lz_string.start_of_bytes,
        lz_string.start_of_uri,
        lz_string.start_of_utf16,
    ],
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab", min_size=50, max_size=300)
NEARLY = st.one_of(
    st.binary(max_size=300),
    TEXTS.map(as_bytes),
    TEXTS.map(as_uri),
    TEXTS.map(as_utf16),
    st.binary(max_size=300).map(
        lambda data: bytes(cramjam.lz4.compress_block(data, store_size=False))
    ),
)


@PACKINGS
@given(text=TEXTS)
@settings(deadline=None)
def test_lz_string(
    pack: Callable[[str], bytes], expand: Function, start: Function, text: str
) -> None:
    """Any text comes back from any packing, and its beginning from the packed beginning."""
    packed = pack(text)
    assert expand(packed, LIMITS).decode() == text
    # The cut may leave the first half of a character at the end.
    beginning = re.sub(rb"\\ud[89ab]..$", b"", start(packed[:40], LIMITS))
    assert text.encode().startswith(beginning)


@given(data=st.binary(max_size=2000) | st.text("ab", max_size=5000).map(str.encode))
@settings(deadline=None)
def test_lz4(data: bytes) -> None:
    """Whatever the official compressor makes comes back, and its beginning from the beginning."""
    block = bytes(cramjam.lz4.compress_block(data, store_size=False))
    assert lz4.decompress(block, LIMITS) == data
    assert data.startswith(lz4.start_of(block[:40], LIMITS))


@DECODERS
@given(body=NEARLY, cut=st.integers(0, 10))
@settings(max_examples=examples(200), deadline=None)
def test_any_bytes(decoder: Function, body: bytes, cut: int) -> None:
    """Any bytes give a content or the one error, and little memory is spent on few bytes."""
    offset: int | None = None
    tracemalloc.start()
    try:
        decoder(body[cut:], LIMITS)
    except DecodeError as error:
        offset = error.offset
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert offset is None or 0 <= offset <= len(body)
    assert peak < 2_000_000
