"""The decoding steps one by one."""

import json
import tracemalloc

import pytest

from growingio_collector.decode import Envelope, decode_body
from growingio_collector.decode.json_reading import count_elements, deeper_than, read_json
from growingio_collector.decode.parsing import read_protobuf
from growingio_collector.rules.bodies import MAX_DEPTH, MAX_EVENTS
from growingio_collector.rules.checked import DecodedMessage
from growingio_wire.errors import DecodeError
from growingio_wire.table import Kind
from growingio_wire.xor import xor


def _code(error: pytest.ExceptionInfo[DecodeError]) -> str:
    return error.value.code


class TestJsonShape:
    @pytest.mark.parametrize(
        ("text", "depth"),
        [(b"1", 0), (b"{}", 1), (b'[{"a":[]}]', 3), (b'["[[[[", {"\\"[[": "\\\\"}]', 2)],
    )
    def test_depth(self, text: bytes, depth: int) -> None:
        """Depth counts brackets outside strings, whatever the strings hold."""
        assert not deeper_than(depth, text)
        assert depth == 0 or deeper_than(depth - 1, text)

    @pytest.mark.parametrize(
        ("text", "count"),
        [(b"[1]", 1), (b'[{"a":1,"b":[1,2]},[3,4],",,"]', 3), (b"[[1,2", None), (b"[1]]", None)],
    )
    def test_count(self, text: bytes, count: int | None) -> None:
        """Only the commas of the outermost array count, and only when the brackets match."""
        assert count_elements(text, 64) == count


class TestJson:
    def test_messages_are_verbatim(self) -> None:
        """Each message stays the text it was, so no number changes on the way."""
        body = b'[{"a": 1e999},{"b":12345678901234567890123}]'
        assert [m.text for m in read_json(body)] == [
            b'{"a": 1e999}',
            b'{"b":12345678901234567890123}',
        ]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b'{"a":1}', "not_an_array"),
            (b"3", "not_an_array"),
            (b"", "not_json"),
            (b'[{"a":1', "not_json"),
            (b"[1]x", "not_json"),
            (b'[{"a":"\xff"}]', "not_json"),
            (b"[" * 100_000, "too_deep"),
            (b"[" + b"1," * 300_000, "too_many_events"),
            (b"[[" + b"1," * 300_000, "not_json"),
        ],
    )
    def test_refused(self, body: bytes, code: str) -> None:
        """What is not an array of messages is refused, and the code says why."""
        with pytest.raises(DecodeError) as error:
            read_json(body)
        assert _code(error) == code

    def test_most_messages(self) -> None:
        """As many messages as the limit are read, one more is not."""
        assert len(read_json(b"[" + b"{}," * (MAX_EVENTS - 1) + b"{}]")) == MAX_EVENTS
        with pytest.raises(DecodeError, match="5001") as error:
            read_json(b"[" + b"{}," * MAX_EVENTS + b"{}]")
        assert _code(error) == "too_many_events"

    def test_flat_array_is_not_built(self) -> None:
        """Millions of tiny elements are refused before any object stands for them."""
        body = b"[" + b"1," * 4_000_000 + b"1]"
        tracemalloc.start()
        with pytest.raises(DecodeError):
            read_json(body)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10 * len(body)

    def test_large_batch_is_read(self) -> None:
        """A legitimate body with very many commas is read like any other."""
        event = json.dumps({"attributes": {str(i): i for i in range(300)}}).encode()
        assert len(read_json(b"[" + b",".join([event] * 1000) + b"]")) == 1000

    def test_too_deep_message(self) -> None:
        """A message nested too deeply is bad; the next one in the batch is not."""
        deep = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
        bad, good = read_json(b'[{"a":' + deep + b'},{"b":1}]')
        assert (bad.text, [problem.code for problem in bad.issues]) == (None, ["too_deep"])
        assert good == DecodedMessage(b'{"b":1}')

    def test_nan_spoils_only_its_event(self) -> None:
        """NaN in one event leaves its neighbours without a problem."""
        bad, good = read_json(b'[{"a":[0,NaN]},{"b":1}]')
        assert [(problem.code, problem.path) for problem in bad.issues] == [
            ("not_a_number", "a[1]")
        ]
        assert good.issues == ()

    def test_problems_are_bounded(self) -> None:
        """A long key over very many faults costs neither memory nor an endless list."""
        body = b'[{"' + b"k" * 500_000 + b'":[' + b"NaN," * 100_000 + b"NaN]}]"
        tracemalloc.start()
        [message] = read_json(body)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(message.issues) == 20
        assert len(message.issues[0].path) < 200
        assert peak < 50_000_000

    def test_deep_almost_json(self) -> None:
        """The forgiving parser keeps the same limit of depth."""
        [message] = read_json(b"[" + b"[" * 100 + b"NaN" + b"]" * 100 + b"]")
        assert [problem.code for problem in message.issues] == ["too_deep"]


class TestProtobuf:
    def test_wrong_list_field(self) -> None:
        """Items in the field of events are refused with both numbers."""
        with pytest.raises(DecodeError) as error:
            read_protobuf(Kind.ITEM, b"\x0a\x04\x0a\x02ab")
        assert _code(error) == "wrong_list_field"
        assert error.value.values == {"found": 1, "kind": "item", "wanted": 2}

    def test_type_left_off(self) -> None:
        """An event without a type is a VISIT, and suspicious when it has a name."""
        visit, named = read_protobuf(Kind.EVENT, b"\x0a\x00\x0a\x04\xb2\x01\x01n")
        assert (visit.text, visit.issues) == (b'{"eventType":"VISIT"}', ())
        assert [problem.code for problem in named.issues] == ["name_without_type"]

    def test_broken_message(self) -> None:
        """A message that ends early is bad; the next one in the list is not."""
        bad, good = read_protobuf(Kind.EVENT, b"\x0a\x02\x0a\x05\x0a\x04\x0a\x02ab")
        assert (bad.text, [problem.code for problem in bad.issues]) == (None, ["not_protobuf"])
        assert json.loads(good.text or b"")["deviceId"] == "ab"

    def test_unknown_enum_and_negative(self) -> None:
        """An unknown event type stays its number, and negative integers stay negative."""
        minus_one = b"\xff" * 9 + b"\x01"
        event = b"\x30\x63\x40" + minus_one + b"\x78" + minus_one
        [message] = read_protobuf(Kind.EVENT, b"\x0a" + bytes([len(event)]) + event)
        assert json.loads(message.text or b"") == {
            "eventType": 99,
            "timestamp": -1,
            "eventSequenceId": -1,
        }

    @pytest.mark.parametrize(
        "body",
        [b"\x0a\x05a", b"\x0b", b"\x00\x00", b"\x0a" + b"\xff" * 11, b"\x08", b"\x0d\x00", b"\x0a"],
    )
    def test_broken_list(self, body: bytes) -> None:
        """A list that cannot be right is refused."""
        with pytest.raises(DecodeError) as error:
            read_protobuf(Kind.EVENT, body)
        assert _code(error) == "not_protobuf"

    def test_too_many(self) -> None:
        """One message over the limit, and the list is refused."""
        with pytest.raises(DecodeError) as error:
            read_protobuf(Kind.EVENT, b"\x0a\x00" * (MAX_EVENTS + 1))
        assert _code(error) == "too_many_events"

    def test_fields_are_budgeted(self) -> None:
        """A body of very many tiny fields is refused before they become large objects."""
        with pytest.raises(DecodeError) as error:
            read_protobuf(Kind.EVENT, b"\x08\x00" * 600_000)
        assert _code(error) == "too_many_fields"


class TestBody:
    @pytest.mark.parametrize("content_type", [None, "text/plain", "application/json", "x/y"])
    def test_protobuf_under_any_content_type(self, content_type: str | None) -> None:
        """Protobuf is recognised by its bytes, whatever the content type says."""
        decoded = decode_body(Kind.EVENT, Envelope(content_type), b"\x0a\x04\x0a\x02ab")
        assert [step.name for step in decoded.steps] == ["protobuf"]

    @pytest.mark.parametrize("content_type", [None, "application/protobuf", "x/y"])
    def test_json_under_any_content_type(self, content_type: str | None) -> None:
        """JSON is recognised by its bytes, whatever the content type says."""
        decoded = decode_body(Kind.EVENT, Envelope(content_type), b' [{"a":1}]')
        assert [step.name for step in decoded.steps] == ["json"]

    def test_xor_alone(self) -> None:
        """A body may be encrypted without being compressed."""
        decoded = decode_body(
            Kind.EVENT, Envelope(crypt="1", stm="1700000000123"), xor(b'[{"a":1}]', 0x7B)
        )
        assert [(step.name, step.detail) for step in decoded.steps] == [
            ("xor", "key 0x7b from stm"),
            ("json", "1 message"),
        ]

    @pytest.mark.parametrize(
        ("envelope", "code"),
        [
            (Envelope(codec="2"), "not_snappy"),
            (Envelope(codec="3"), "not_lz4"),
            (Envelope(codec="1"), "not_lz_string"),
            (Envelope(compress="1"), "not_lz_string"),
            (Envelope(compress="11"), "not_lz_string"),
            (Envelope(codec="7"), "unknown_codec"),
            (Envelope(crypt="2"), "unknown_crypt"),
            (Envelope(crypt="1"), "xor_without_key"),
            (Envelope("application/json"), "not_json"),
            (Envelope("application/protobuf"), "not_protobuf"),
            (Envelope(), "not_protobuf"),
        ],
    )
    def test_reason(self, envelope: Envelope, code: str) -> None:
        """A body that cannot be read has the reason of the step that failed."""
        decoded = decode_body(Kind.EVENT, envelope, b"\xff" * 8)
        assert decoded.messages == []
        assert decoded.reason
        assert decoded.reason.code == code

    def test_off_values(self) -> None:
        """Codec 0 and compress 0 mean that there is none."""
        envelope = Envelope(codec="0", crypt="0", compress="0")
        assert decode_body(Kind.EVENT, envelope, b"[{}]").reason is None

    @pytest.mark.parametrize(
        ("content_type", "body", "found"),
        [
            ("application/json", b"\x0a\x04\x0a\x02ab", "protobuf"),
            ("application/x-protobuf", b'[{"a":1},{"b":2}]', "json"),
            ("application/json; charset=utf-8", b'[{"a":1}]', None),
            ("application/protobuf", b"\x0a\x04\x0a\x02ab", None),
            ("text/plain", b"\x0a\x04\x0a\x02ab", None),
            (None, b'[{"a":1}]', None),
            ("application/x-www-form-urlencoded", b'[{"a":1}]', "json"),
            ("multipart/form-data; boundary=x", b'[{"a":1}]', "json"),
            ("Text/HTML", b'[{"a":1}]', "json"),
            ("image/png", b'[{"a":1}]', "json"),
            ("application/x-www-form-urlencoded", b"\x0a\x04\x0a\x02ab", "protobuf"),
            ("application/octet-stream", b'[{"a":1}]', None),
            ("application/vnd.platform+json", b'[{"a":1}]', None),
        ],
    )
    def test_content_type(self, content_type: str | None, body: bytes, found: str | None) -> None:
        """A content type that names another format marks every message; many name none."""
        decoded = decode_body(Kind.EVENT, Envelope(content_type), body)
        for message in decoded.messages:
            issues = [issue for issue in message.issues if issue.code == "content_type_disagrees"]
            assert [issue.values["found"] for issue in issues] == ([found] if found else [])


class TestMany:
    def test_too_many_values(self) -> None:
        """A message with very many values is not read; its neighbours are."""
        many = b",".join(b'"%d":1' % key for key in range(100_002))
        [refused, read] = read_json(b"[{%s},{}]" % many)
        assert [issue.code for issue in refused.issues] == ["too_many_values"]
        assert (refused.text, read.text) == (None, b"{}")

    def test_strings_over_pieces(self) -> None:
        """Brackets in strings count for nothing, wherever the text is cut for looking at it."""
        text = b'["%s",[1,"]]]",2]]' % (b'[,\\"' * 70_000)
        assert not deeper_than(2, text)
        assert deeper_than(1, text)
        assert count_elements(text, 64) == 2


class TestRepair:
    def test_neighbours_stay(self) -> None:
        """Beside a message with NaN, the others are kept byte for byte."""
        written = [rb'{ "a" : "\u4e2d\/", "n":1.0, "n":1e2 }', rb'{"a":NaN}', rb"[ 1 ]"]
        read = read_json(b" [ " + b" ,\n".join(written) + b" ]\n")
        assert [one.text for one in read] == [written[0], b'{"a":"NaN"}', written[2]]
        assert [len(one.issues) for one in read] == [0, 1, 0]

    @pytest.mark.parametrize("body", [b"[NaN", b"[NaN]]", b"[NaN,]", b"[NaN 1]", b'{"a":NaN}'])
    def test_not_json(self, body: bytes) -> None:
        """What is no array even so cannot be read."""
        with pytest.raises(DecodeError):
            read_json(body)
