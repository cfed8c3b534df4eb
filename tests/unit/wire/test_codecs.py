"""Each codec of the wire: what is written, and what is read of what arrives."""

import ast
import tracemalloc
from pathlib import Path

import cramjam
import msgspec
import pytest

from growingio_wire import snappy as wire_snappy
from growingio_wire.errors import DecodeError, DecodeLimits
from growingio_wire.protobuf import encode_list
from growingio_wire.protobuf_fields import varint
from growingio_wire.snappy import decompress
from growingio_wire.table import Kind
from growingio_wire.xor import key_of, xor

MS = 1_700_000_000_123
LIMITS = DecodeLimits(decoded_bytes=16_000_000, steps=500_000, fields=500_000)


def _code(error: pytest.ExceptionInfo[DecodeError]) -> str:
    return error.value.code


@pytest.mark.parametrize("stm", [0, 1, 0x7F, 0xFF, 0x100, MS, -1])
def test_xor(stm: int) -> None:
    """XOR changes every byte by the low byte of stm, and twice is nothing."""
    body = bytes(range(256)) * 3
    crypted = xor(body, stm)
    assert crypted == bytes(byte ^ (stm & 0xFF) for byte in body)
    assert xor(crypted, stm) == body
    assert xor(b"", stm) == b""


class TestXor:
    def test_undoes_itself(self) -> None:
        """Unmasking twice with one key gives the original, and once changes every byte."""
        body = bytes(range(256))
        masked = xor(body, 0x7C)
        assert masked[0] == 0x7C
        assert xor(masked, 0x7C) == body

    def test_key_from_stm(self) -> None:
        """The key is the low byte of stm, even when X-Timestamp says something else."""
        assert key_of("1795402306726", "1") == (1795402306726 & 0xFF, "stm")

    def test_key_from_header(self) -> None:
        """X-Timestamp gives the key only when the URL has no stm."""
        assert key_of(None, "257") == (1, "X-Timestamp")

    def test_no_time(self) -> None:
        """Without any time there is a reason instead of a key."""
        with pytest.raises(DecodeError) as error:
            key_of(None, None)
        assert _code(error) == "xor_without_key"

    @pytest.mark.parametrize("stm", ["", "abc", "-1", "1.5", "²", "9" * 5000])
    def test_no_number(self, stm: str) -> None:
        """A time that is not a plain number of milliseconds gives no key."""
        with pytest.raises(DecodeError) as error:
            key_of(stm, "1700000000123")
        assert _code(error) == "xor_key_not_a_number"


class TestSnappy:
    def test_round_trip(self) -> None:
        """A raw block decompresses to what it was made of."""
        content = "加入购物车".encode() * 1000
        assert decompress(bytes(cramjam.snappy.compress_raw(content)), LIMITS) == content

    def test_over_the_limit(self) -> None:
        """A block that declares more than the limit is refused with both numbers."""
        block = bytes(cramjam.snappy.compress_raw(bytes(LIMITS.decoded_bytes + 1)))
        with pytest.raises(DecodeError) as error:
            decompress(block, LIMITS)
        assert _code(error) == "too_large_decoded"
        assert error.value.values == {"size": 16_000_001, "most": 16_000_000}

    def test_impossible_length(self) -> None:
        """A few bytes that declare megabytes cost no megabytes."""
        body = b"\x80\x80\x80\x07" + bytes(100)
        tracemalloc.start()
        with pytest.raises(DecodeError) as error:
            decompress(body, LIMITS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert _code(error) == "not_snappy"
        assert error.value.values["detail"] == "cannot_hold"
        assert peak < 100_000

    def test_densest_block(self) -> None:
        """The densest block that snappy can make is not taken for an impossible one."""
        content = bytes(1_000_000)
        assert decompress(bytes(cramjam.snappy.compress_raw(content)), LIMITS) == content

    @pytest.mark.parametrize("body", [b"", b"\x05", b"\xff" * 8, b"\x05abc", b"\x02\x00a"])
    def test_broken(self, body: bytes) -> None:
        """Bytes that are no snappy block are refused as such."""
        with pytest.raises(DecodeError) as error:
            decompress(body, LIMITS)
        assert _code(error) == "not_snappy"


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (MS, "fbd095ffbc31"),
        (2**63 - 1, "ffffffffffffffff7f"),
        (-1, "ffffffffffffffffff01"),
        (-(2**63), "80808080808080808001"),
    ],
)
def test_i3_varint(number: int, encoded: str) -> None:
    """I3: integers are base-128 varints, negative ones in 64-bit two's complement."""
    assert varint(number).hex() == encoded


def test_i3_empty_batch() -> None:
    """I3: a batch of nothing is no bytes."""
    assert encode_list(Kind.EVENT, []) == b""


def test_i3_texts_that_come_again() -> None:
    """Texts that come again, changing or long ones among them, are written as the first time."""
    names = [f"event-{number}" for number in range(600)] + ["", "long" * 100, "事件"]
    records = [
        msgspec.json.encode({"eventName": name, "attributes": {name: name}}) for name in names
    ]
    each = [encode_list(Kind.EVENT, [record]) for record in records]
    assert encode_list(Kind.EVENT, records * 2) == b"".join(each * 2)


@pytest.mark.parametrize("library", ["cramjam", "snappy"])
def test_libraries_are_named(library: str) -> None:
    """Statements import what packs snappy; what freezes programs follows those."""
    tree = ast.parse(Path(str(wire_snappy.__file__)).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert library in {alias.name for node in imports for alias in node.names}
