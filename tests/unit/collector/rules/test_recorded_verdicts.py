"""Verdicts on what real clients were recorded to send, at the time they sent it."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from growingio_collector.decode import Envelope, decode_body
from growingio_collector.rules.checked import Arrival, CheckedMessage
from growingio_collector.rules.checking import check_all
from growingio_collector.rules.history import History
from growingio_collector.rules.requests import read_path
from tree import CAPTURES

CHINESE_NAME = ("加入购物车", "name_outside_pattern")
LONG_AGO = "time_long_ago"

# "types" (Python, Java) and "factory" (PHP, Go) were sent with a time of 2023; the bad ones are
# calls that were made wrongly on purpose.
PYTHON = {
    CHINESE_NAME,
    ("加入购物车", "sdk_old"),
    ("types", LONG_AGO),
    ("LOGIN_USER_ATTRIBUTES", LONG_AGO),
    ("no_user", "nobody"),
}
PYTHON_JSON = PYTHON | {
    *(("types", code) for code in ("big_integer", "value_not_text")),
    ("nan", "not_a_number"),
    ("bad\ufffd", "lone_surrogate"),
    ("int_user", "user_id_not_text"),
    ("goods", "value_not_text"),
}
EXPECTED: dict[str, set[tuple[str, str]]] = {
    "go-direct": {CHINESE_NAME, ("加入购物车", "printed_value"), ("factory", LONG_AGO)},
    "java-gdp": {
        CHINESE_NAME,
        *(("types", code) for code in (LONG_AGO, "printed_list", "printed_object")),
    },
    "minip-4.6.0-wechat-compress": set(),
    "minip-4.6.0-wechat-plain": set(),
    "php-op-http": {
        CHINESE_NAME,
        ("加入购物车", "value_not_text"),
        ("factory", LONG_AGO),
        ("商品", "value_not_text"),
        ("numeric_keys", "attributes_not_object"),
    },
    "python-1.0.5-json": PYTHON_JSON,
    "python-1.0.5-snappy_crypt": PYTHON_JSON,
    "python-1.0.5-protobuf": PYTHON
    | {
        *(("types", code) for code in ("printed_value", "printed_object")),
        ("nan", "printed_value"),
        *(("goods", code) for code in ("printed_value", "printed_list")),
    },
    "qt-1.0.0": {CHINESE_NAME},
    "web-3.3-beacon-plain": {CHINESE_NAME, ("VISIT", "sdk_old")},
    "web-4.3.1-beacon": set(),
    "web-4.3.1-beacon-plain": set(),
    "web-4.3.1-image": set(),
}


def _findings(client: str) -> list[CheckedMessage]:
    """Judge everything one client sent, in its order and at its time."""
    text = (CAPTURES / f"{client}.json").read_text("utf-8")
    history = History()
    return [
        finding
        for request in json.loads(text)["requests"]
        for finding in _judged(request, client, history)
    ]


def _judged(request: dict[str, Any], client: str, history: History) -> list[CheckedMessage]:
    path, _, query = request["target"].partition("?")
    target = read_path(path)
    if target is None:
        return []
    headers = {name.lower(): value for name, value in request["headers"]}
    stm = parse_qs(query).get("stm", [None])[0]
    envelope = Envelope(
        headers.get("content-type"),
        headers.get("x-compress-codec"),
        headers.get("x-crypt-codec"),
        headers.get("x-timestamp"),
        stm,
        parse_qs(query).get("compress", [None])[0],
    )
    decoded = decode_body(target.kind, envelope, base64.b64decode(request["body_base64"]))
    arrival = Arrival(
        request["received_ms"] * 1000,
        target.project,
        client,
        request["method"],
        stm,
    )
    return check_all(target.kind, decoded.messages, arrival, history)


@pytest.mark.parametrize("client", EXPECTED)
def test_verdicts(client: str) -> None:
    """A recorded client's events have these problems, each of them true, and no others."""
    found = {
        (finding.name or finding.type or "", problem.code)
        for finding in _findings(client)
        for problem in finding.issues
    }
    assert found == EXPECTED[client]


def test_every_recording_is_judged() -> None:
    """No recording lacks an expectation."""
    assert {path.stem for path in CAPTURES.glob("*.json")} == set(EXPECTED)
