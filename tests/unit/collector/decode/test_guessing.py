"""Bodies that are not what their request says."""

import gzip
import json
import re
import zlib
from typing import Any

import cramjam
import pytest

from growingio_collector.decode import Decoded, Envelope, decode_body
from growingio_wire.table import Kind
from growingio_wire.xor import xor
from lz_packing import as_bytes, as_uri, as_utf16

STM = "1700000000123"
KEY = int(STM) & 0xFF
EVENTS = [
    {"eventType": "CUSTOM", "eventName": f"e{number}", "timestamp": int(STM), "userId": "u"}
    for number in range(3)
]
TEXT = json.dumps(EVENTS)
PLAIN = TEXT.encode()
SNAPPY = bytes(cramjam.snappy.compress_raw(PLAIN))
LZ4 = bytes(cramjam.lz4.compress_block(PLAIN, store_size=False))
PROTOBUF = (
    b"\x0a\x1e\x2a\x03ds1\x30\x01\x40\xfb\xd0\x95\xff\xbc\x31\xb2\x01\x06signup\xaa\x03\x04prod"
)
"""One event: dataSourceId ds1, CUSTOM, a time, the name signup and projectKey prod."""


def _decode(body: bytes, **declared: Any) -> Decoded:
    return decode_body(Kind.EVENT, Envelope(**declared), body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (SNAPPY, "snappy"),
        (LZ4, "LZ4"),
        (as_bytes(TEXT), "LZ-String (bytes)"),
        (as_uri(TEXT), "LZ-String (URI)"),
        (as_utf16(TEXT), "LZ-String (UTF-16)"),
    ],
)
@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"compress": "0"},
        {"compress": "1"},
        {"compress": "11"},
        {"codec": "1"},
        {"codec": "2"},
        {"codec": "3"},
        {"codec": "7"},
    ],
)
def test_other_compression(body: bytes, found: str, declared: dict[str, str]) -> None:
    """Each compression is recognised under every declaration, and warned of unless declared."""
    decoded = _decode(body, **declared)
    assert [json.loads(message.text or b"") for message in decoded.messages] == EVENTS
    right = {
        "snappy": {"codec": "2"},
        "LZ4": {"codec": "3"},
        "LZ-String (bytes)": {"compress": "1"},
        "LZ-String (URI)": {"compress": "11"},
        "LZ-String (UTF-16)": {"codec": "1"},
    }
    if declared == right[found]:
        assert all(message.issues == () for message in decoded.messages)
        return
    for message in decoded.messages:
        [problem] = message.issues
        assert (problem.code, problem.level) == ("compressed_otherwise", "warn")
        assert problem.values["found"] == found


def test_says_what_was_declared() -> None:
    """The warning names the compression found and the declaration that is wrong."""
    [problem] = _decode(as_bytes(TEXT), compress="0").messages[0].issues
    assert "compressed with LZ-String (bytes)" in problem.sentence
    assert "compress: 0" in problem.sentence
    assert "LZ-String" in problem.found.zh


@pytest.mark.parametrize("declared", [{"codec": "1"}, {"codec": "2"}, {"compress": "11"}])
@pytest.mark.parametrize("body", [PLAIN, PROTOBUF])
def test_not_compressed(declared: dict[str, str], body: bytes) -> None:
    """A plain body under a declared compression is read, with a warning."""
    decoded = _decode(body, **declared)
    assert {p.code for m in decoded.messages for p in m.issues} == {"not_compressed"}


@pytest.mark.parametrize("body", [PLAIN, SNAPPY, LZ4, PROTOBUF])
@pytest.mark.parametrize("key", [1, 0x76, 0xFF])
def test_wrong_key(body: bytes, key: int) -> None:
    """A body under another key is bad, and the reason names the right key and the given one."""
    decoded = _decode(xor(body, key), codec="2", crypt="1", stm=STM)
    assert decoded.messages == []
    assert decoded.reason
    assert decoded.reason.code == "wrong_key"
    assert f"but it can with 0x{key:02x}" in decoded.reason.sentence
    assert f"the key 0x{KEY:02x} from stm" in decoded.reason.sentence
    assert f"0x{key:02x}" in decoded.reason.found.zh


@pytest.mark.parametrize(
    ("declared", "key", "code"),
    [
        ({"codec": "2", "crypt": "1", "stm": STM}, 0, "not_encrypted"),
        ({"codec": "2", "stm": STM}, KEY, "encrypted_undeclared"),
        ({"stm": STM}, KEY, "encrypted_undeclared"),
        ({"codec": "2", "crypt": "1"}, KEY, "key_not_given"),
        ({"codec": "2", "crypt": "1", "stm": "soon"}, KEY, "key_not_given"),
    ],
)
def test_encryption(declared: dict[str, str], key: int, code: str) -> None:
    """What is wrong with the declared encryption is found by trying every key."""
    decoded = _decode(xor(SNAPPY, key), **declared)
    assert decoded.reason
    assert (decoded.reason.code, decoded.messages) == (code, [])
    assert decoded.reason.values["form"] == "snappy, json"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (gzip.compress(PLAIN), "gzip"),
        (zlib.compress(PLAIN), "zlib"),
        (bytes(cramjam.snappy.compress(PLAIN)), "snappy (framed)"),
        (bytes(cramjam.lz4.compress(PLAIN)), "LZ4 (frame)"),
    ],
    ids=["gzip", "zlib", "snappy", "lz4"],
)
@pytest.mark.parametrize("masked", [False, True])
def test_foreign(body: bytes, found: str, masked: bool) -> None:
    """A compression that the wire does not know is named, also under the encryption."""
    declared = {"crypt": "1", "stm": STM} if masked else {}
    decoded = _decode(xor(body, KEY) if masked else body, codec="2", **declared)
    assert decoded.reason
    assert (decoded.reason.code, decoded.reason.values) == ("foreign_compression", {"found": found})


def test_steps_of_a_failure() -> None:
    """The step that failed says where, and each step before it shows what it gave."""
    body = xor(bytes(cramjam.snappy.compress_raw(b'[{"a":1},{"a":tru}]')), KEY)
    decoded = _decode(body, codec="2", crypt="1", stm=STM)
    masked, snappy, failed = decoded.steps
    assert (masked.name, masked.ok, masked.in_bytes, masked.out_bytes) == (
        "xor",
        True,
        len(body),
        len(body),
    )
    assert (snappy.name, snappy.out_bytes, snappy.head_hex[:8]) == ("snappy", 19, "5b 7b 22")
    assert (failed.name, failed.ok) == ("json", False)
    assert failed.offset in range(14, 18)
    assert decoded.reason
    assert failed.detail == decoded.reason.sentence


def test_steps_of_a_guess() -> None:
    """A compression found by trying stands after the step that failed."""
    steps = _decode(SNAPPY, compress="1").steps
    assert [(step.name, step.ok) for step in steps][-2:] == [("snappy", True), ("json", True)]
    assert [step.ok for step in steps].count(False) == 1
    assert steps[-2].detail.startswith("found by trying")


@pytest.mark.parametrize(
    ("body", "declared", "offset"),
    [
        (b"[{}", {}, 3),
        (b"[\xff]", {}, 1),
        (b'\xf0\x00[{"a":1}]', {"codec": "3"}, 11),
        (as_bytes(TEXT)[:20], {"compress": "1"}, 20),
        (as_uri(TEXT)[:10] + b"!", {"compress": "11"}, 10),
        (b"\x0a\x05a", {"content_type": "application/protobuf"}, 2),
    ],
)
def test_offsets(body: bytes, declared: dict[str, str], offset: int) -> None:
    """Every decoder says at which byte of its input it stopped."""
    assert _decode(body, **declared).steps[-1].offset == offset


def test_own_reasons_stay() -> None:
    """A body that is readable but wrong keeps its own reason."""
    for body, code in ((b"", "empty_body"), (b'{"a":1}', "not_an_array")):
        reason = _decode(body, codec="0").reason
        assert reason
        assert reason.code == code


@pytest.mark.parametrize("codec", [None, "0", "1", "2", "3"])
@pytest.mark.parametrize(
    "body",
    [
        *(b"[{", b"[1]x", b"[tru]", b"[\xff]", b'{"a":1}', b"3"),
        *(b"\x0a\x05a", b"\x0b", b"\x00\x00", b"\x0a" + b"\xff" * 11, b"\x08", b"\x0a"),
        *(b"\xff" * 8, b"\x05abc", b"\x02\x00a", b"\x80\x80\x80\x07" + bytes(100)),
        *(b"\x10a\x05\x00", b"\xf0\x00[", as_bytes(TEXT)[:20], as_uri(TEXT)[:20]),
    ],
)
def test_chinese_throughout(body: bytes, codec: str | None) -> None:
    """A Chinese sentence about a body has no English words beyond names."""
    decoded = _decode(body, codec=codec)
    problems = [decoded.reason] if decoded.reason else []
    problems += [problem for message in decoded.messages for problem in message.issues]
    for sentence in (problem.found.zh for problem in problems):
        words = set(re.findall(r"[A-Za-z]{2,}", sentence))
        names = {"JSON", "UTF", "LZ", "String", "snappy", "protobuf", "compress", "Compress"}
        assert words <= names | {"Codec", "item", "event"}, sentence


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf[]", b"%5B%7B%22a%22", b"W3siZXZlbnRUeXBlIjoi", b"oops{"]
)
def test_text_is_no_protobuf(body: bytes) -> None:
    """Text that is not read is said to be no JSON, because no list in protobuf begins like it."""
    reason = _decode(body).reason
    assert reason is not None
    assert reason.code == "not_json"
