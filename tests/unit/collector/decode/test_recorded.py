"""Bodies recorded from real clients."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from growingio_collector.decode import Decoded, decode_request
from growingio_collector.rules.requests import read_path
from growingio_wire.table import Kind
from tree import DATA

Capture = Callable[[str], list[tuple[Kind, Decoded]]]
Vector = Callable[[str], tuple[Kind, Decoded]]

PROJECT, SOURCE = "a1b2c3d4e5f60718", "8f9e0d1c2b3a4958"


def _decode(
    method: str, target: str, headers: list[tuple[str, str]], body_base64: str
) -> tuple[Kind, Decoded]:
    path, _, query = target.partition("?")
    matched = read_path(path)
    assert matched
    body = base64.b64decode(body_base64)
    return matched.kind, decode_request(matched.kind, method, query, headers, body)


@pytest.fixture
def decode_capture() -> Capture:
    """Decode every request of one recorded client to a collect path."""

    def decode(client: str) -> list[tuple[Kind, Decoded]]:
        text = (DATA / "captures" / f"{client}.json").read_text("utf-8")
        requests: list[dict[str, Any]] = json.loads(text)["requests"]
        return [
            _decode(
                request["method"], request["target"], request["headers"], request["body_base64"]
            )
            for request in requests
            if request["target"] != "/"
        ]

    return decode


@pytest.fixture
def decode_vector() -> Vector:
    """Decode one recorded vector by its name."""
    vectors = json.loads((DATA / "vectors.json").read_text("utf-8"))["vectors"]
    by_name = {vector["name"]: vector for vector in vectors}

    def decode(name: str) -> tuple[Kind, Decoded]:
        vector = by_name[name]
        headers = list(vector["headers"].items())
        return _decode("POST", vector["path"], headers, vector["body_base64"])

    return decode


def _messages(decoded: Decoded) -> list[dict[str, Any]]:
    assert decoded.reason is None
    assert all(message.text for message in decoded.messages)
    return [json.loads(message.text or b"") for message in decoded.messages]


def _all(captures: list[tuple[Kind, Decoded]]) -> list[tuple[Kind, dict[str, Any]]]:
    return [(kind, message) for kind, decoded in captures for message in _messages(decoded)]


@pytest.mark.parametrize("form", ["json", "snappy", "snappy+xor", "protobuf"])
def test_vector_event(decode_vector: Vector, form: str) -> None:
    """The same call gives the same event in every body form, but for protobuf's printed values."""
    kind, decoded = decode_vector(f"{form}/event")
    [message] = _messages(decoded)
    attributes = message.pop("attributes")
    printed = {"qty": "2", "price": "15.5"} if form == "protobuf" else {"qty": 2, "price": 15.5}
    assert kind is Kind.EVENT
    assert attributes == {"sku": "A-1", "education": "本科||硕士", "mixed": "1||2.5||x", **printed}
    assert message == {
        "eventType": "CUSTOM",
        "sdkVersion": "1.0.5",
        "platform": "python",
        "timestamp": 1700000000123,
        "eventName": "order_paid",
        "deviceId": "dev-1",
        "userKey": "email",
        "userId": "user-1",
        "sendTime": 1700000000123,
        "dataSourceId": "ds1",
        "projectKey": "prod1",
    }


@pytest.mark.parametrize("form", ["json", "snappy", "snappy+xor", "protobuf"])
def test_vector_others(decode_vector: Vector, form: str) -> None:
    """Users, items, bare events and batches decode in every body form."""
    [user] = _messages(decode_vector(f"{form}/user")[1])
    kind, decoded = decode_vector(f"{form}/item")
    [now] = _messages(decode_vector(f"{form}/event_now")[1])
    batch = _messages(decode_vector(f"{form}/batch_of_3")[1])
    assert (user["eventType"], user["attributes"]["name"]) == ("LOGIN_USER_ATTRIBUTES", "张三 😀")
    assert kind is Kind.ITEM
    assert _messages(decoded) == [
        {
            "id": "1001",
            "key": "product",
            "attributes": {"color": "red", "size": "L"},
            "dataSourceId": "ds1",
            "projectKey": "prod1",
        }
    ]
    assert (now["eventName"], now["deviceId"], "attributes" in now) == ("visit", "dev-1", False)
    assert [(event["userId"], str(event["attributes"]["i"])) for event in batch] == [
        ("u0", "0"),
        ("u1", "1"),
        ("u2", "2"),
    ]


def test_go(decode_capture: Capture) -> None:
    """Go's protobuf, snappy and XOR in one body decode to its events and items."""
    captures = decode_capture("go-direct")
    messages = _all(captures)
    assert [step.name for step in captures[0][1].steps] == ["xor", "snappy", "protobuf"]
    assert messages[0][1]["eventName"] == "加入购物车"
    assert messages[0][1]["attributes"]["list"] == "红||绿||"
    assert messages[0][1]["platform"] == "go"
    assert [message["userId"] for kind, message in messages if kind is Kind.EVENT][2] == "u1"
    assert [message["key"] for kind, message in messages if kind is Kind.ITEM] == ["商品", "goods"]


def test_java(decode_capture: Capture) -> None:
    """Java's protobuf, sent without stm, decodes to events, items and user mappings."""
    messages = _all(decode_capture("java-gdp"))
    events = {message.get("eventName"): message for kind, message in messages if kind is Kind.EVENT}
    mappings = [message for kind, message in messages if kind is Kind.MAPPING]
    assert events["with_item"]["resourceItem"] == {"id": "1001", "key": "product"}
    assert events["with_context"]["domain"] == "shop.example"
    assert events["not_user"]["userKey"] == "$notuser"
    assert events["types"]["attributes"]["list"] == "[a, null, c]"
    assert mappings[0]["identifies"] == {"手机号": "13800000000", "email": "z@shop.example"}
    assert mappings[0]["sendTime"] == 1700000000123
    assert "sendTime" not in mappings[1]


def test_php(decode_capture: Capture) -> None:
    """PHP's JSON decodes, and its empty body is bad for exactly that reason."""
    *captures, (_, empty) = decode_capture("php-op-http")
    messages = [message for _, message in _all(captures)]
    assert messages[0]["attributes"]["null"] is None
    assert messages[1]["resourceItem"] == {"id": "1001", "key": "product"}
    assert messages[-1]["attributes"] == ["x", "y"]
    assert empty.reason
    assert empty.reason.code == "empty_body"


def test_qt(decode_capture: Capture) -> None:
    """Qt's raw UTF-8 decodes without any query or codec header."""
    messages = [message for _, message in _all(decode_capture("qt-1.0.0"))]
    assert messages[0]["appName"] == "商城"
    assert messages[0]["attributes"]["商品"] == "苹果🍎"
    assert messages[1]["userId"] == "用户-1001"


@pytest.mark.parametrize("client", ["python-1.0.5-json", "python-1.0.5-snappy_crypt"])
def test_python(decode_capture: Capture, client: str) -> None:
    """Release 1.0.5's JSON decodes with every value's own type, through a doubled slash too."""
    messages = [message for _, message in _all(decode_capture(client))]
    assert messages[1]["attributes"]["big"] == 12345678901234567890
    assert messages[1]["attributes"]["dict"] == {"a": "b"}
    assert messages[1]["attributes"]["bool"] is True
    assert messages[-1]["eventName"] == "slash"
    assert len(messages) == 21


@pytest.mark.parametrize("client", ["python-1.0.5-json", "python-1.0.5-snappy_crypt"])
def test_python_almost_json(decode_capture: Capture, client: str) -> None:
    """NaN, Infinity and half a character leave a readable event with the problem's place."""
    by_name = {
        json.loads(message.text or b"").get("eventName"): message
        for _, decoded in decode_capture(client)
        for message in decoded.messages
    }
    assert [(problem.code, problem.path) for problem in by_name["nan"].issues] == [
        ("not_a_number", "attributes.nan"),
        ("not_a_number", "attributes.inf"),
    ]
    assert json.loads(by_name["nan"].text or b"")["attributes"] == {"nan": "NaN", "inf": "Infinity"}
    assert [problem.code for problem in by_name["bad\ufffd"].issues] == ["lone_surrogate"]


def test_python_protobuf(decode_capture: Capture) -> None:
    """Release 1.0.5's protobuf decodes to texts, and names its event types."""
    messages = [message for _, message in _all(decode_capture("python-1.0.5-protobuf"))]
    assert messages[0]["projectKey"] == PROJECT
    assert messages[0]["dataSourceId"] == SOURCE
    assert messages[0]["attributes"]["emoji👩‍👩‍👧‍👦"] == "家庭"
    assert messages[1]["attributes"]["none"] == "None"
    assert messages[5]["eventType"] == "LOGIN_USER_ATTRIBUTES"


WEB_4 = ["web-4.3.1-beacon-plain", "web-4.3.1-beacon", "web-4.3.1-image"]


@pytest.mark.parametrize("client", ["web-3.3-beacon-plain", *WEB_4])
def test_web(decode_capture: Capture, client: str) -> None:
    """The Web SDK's events decode in every form: plain, LZ-String as bytes, and as an image."""
    messages = [message for _, message in _all(decode_capture(client))]
    carts = [message for message in messages if message.get("eventName") == "add_to_cart"]
    assert carts[0]["attributes"]["list"] == "红||绿||7"


def test_web_forms_agree(decode_capture: Capture) -> None:
    """The three forms of one release's events differ in times and identities only."""
    changing = {"deviceId", "sessionId", "timestamp", "domain", "query", "referralPage"}
    forms = [
        [
            {key: value for key, value in message.items() if key not in changing}
            for _, message in _all(decode_capture(client))
        ]
        for client in WEB_4
    ]
    assert forms[0] == forms[1] == forms[2]
    assert len(forms[0]) == 7


def test_web_steps(decode_capture: Capture) -> None:
    """A beacon is unpacked and parsed; an image is taken from the URL first."""
    assert [step.name for step in decode_capture("web-4.3.1-beacon")[0][1].steps] == [
        "lz-string",
        "json",
    ]
    assert [step.name for step in decode_capture("web-4.3.1-image")[0][1].steps] == [
        "image",
        "lz-string",
        "json",
    ]


@pytest.mark.parametrize("form", ["plain", "compress"])
def test_minip(decode_capture: Capture, form: str) -> None:
    """The mini-program SDK's batches decode, plain and as LZ-String in UTF-16 characters."""
    types = [m["eventType"] for _, m in _all(decode_capture(f"minip-4.6.0-wechat-{form}"))]
    assert types == [
        "VISIT",
        "PAGE",
        "LOGIN_USER_ATTRIBUTES",
        "CUSTOM",
        "CUSTOM",
        "APP_CLOSED",
    ]


def test_no_guesses(decode_capture: Capture) -> None:
    """Nothing that a real client sent is read in another way than it is declared."""
    for path in sorted((DATA / "captures").glob("*.json")):
        for _, decoded in decode_capture(path.stem):
            assert all(step.ok for step in decoded.steps)
            codes = {p.code for message in decoded.messages for p in message.issues}
            assert not codes & {"compressed_otherwise", "not_compressed", "xor_key_from_header"}
