"""What is received is shown, exported and searched as it was written, and ends nothing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import urllib3

from growingio_collector import Collector, Handling
from growingio_wire.errors import GrowingParamException
from posted import event

COLLECT = "/v3/projects/p1/collect"
NUMBERS = ("9007199254740993", "1.0", "1e2", "12345678901234567890", "1e999", "9" * 4301)
SHOWN = (
    *("/api/v1/events", "/api/v1/events/1", "/api/v1/events?q=x", "/api/v1/requests"),
    *("/api/v1/export?format=csv", "/api/v1/export?format=ndjson", "/api/v1/summary"),
    *("/api/v1/properties", "/api/v1/problems", "/api/v1/identities", "/micro/good"),
)


class _Event(msgspec.Struct):
    message: msgspec.Raw


class _Events(msgspec.Struct):
    events: list[_Event]


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    """Send requests exactly once."""
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        yield pool


def _written(number: str) -> bytes:
    text = json.dumps(event("pay", timestamp=0, attributes={"n": 0}))
    return (
        text.replace('"timestamp": 0', f'"timestamp": {time.time_ns() // 10**6}')
        .replace('"n": 0', f'"n" : {number}')
        .encode()
    )


def _messages(http: urllib3.PoolManager, collector: Collector, query: str = "") -> list[bytes]:
    answer = http.request("GET", f"{collector.url}/api/v1/events{query}")
    return [bytes(one.message) for one in msgspec.json.decode(answer.data, type=_Events).events]


@pytest.mark.parametrize("number", NUMBERS)
def test_number(number: str, http: urllib3.PoolManager, tmp_path: Path) -> None:
    """A number is shown and found as it was written, now and when its file is opened again."""
    written = _written(number)
    with Collector(db=tmp_path / "a.db") as collector:
        assert http.request("POST", collector.url + COLLECT, body=b"[%b]" % written).status == 204
        assert _messages(http, collector) == [written]
        wanted = f"?attr.n={number}" if len(number) < 1000 else ""
        assert _messages(http, collector, wanted) == [written]
        [kept] = collector.events(attributes={"n": number})
        assert str(kept.attributes["n"]) in (number, str(float(number[:30])))
    with Collector(db=tmp_path / "a.db") as collector:
        answers = {path: http.request("GET", collector.url + path) for path in SHOWN}
        assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(
            SHOWN, 200
        )
        assert number.encode() in answers["/api/v1/export?format=csv"].data
        assert written in answers["/api/v1/export?format=ndjson"].data


def test_hidden_values_change_nothing_else(http: urllib3.PoolManager) -> None:
    """Numbers beside a value that is hidden stay as they were written."""
    written = ",".join(f'"n{seq}": {number}' for seq, number in enumerate(NUMBERS))
    text = json.dumps(event("pay", attributes={"phone": "1"})).replace(
        '"phone"', f'{written},"phone"'
    )
    with Collector(handling=Handling(redact=("phone",))) as collector:
        assert http.request("POST", collector.url + COLLECT, body=f"[{text}]").status == 204
        [shown] = _messages(http, collector)
    assert b'"phone":"***"' in shown
    for seq, number in enumerate(NUMBERS):
        assert f'"n{seq}":{number}'.encode() in shown


def test_numbers_beside_a_broken_one(http: urllib3.PoolManager) -> None:
    """A message that is no JSON because of NaN keeps its other numbers as they were written."""
    numbers = ",".join(NUMBERS)
    body = f'[{{"eventType":"CUSTOM","attributes":{{"bad":NaN,"list":[{numbers}]}}}}]'
    with Collector() as collector:
        assert http.request("POST", collector.url + COLLECT, body=body).status == 204
        [shown] = _messages(http, collector)
    assert (
        shown == b'{"eventType":"CUSTOM","attributes":{"bad":"NaN","list":[%b]}}' % numbers.encode()
    )


def test_ignored_codes(http: urllib3.PoolManager) -> None:
    """A code that is ignored is not noted, and the verdict is what the others make it."""
    sent = [event("pay", userId=1), event("支付", userId=2), event("pay", userId=3, attributes=[])]
    with Collector(handling=Handling(ignore=("user_id_not_text", "not_json"))) as collector:
        http.request("POST", collector.url + COLLECT, body=json.dumps(sent).encode())
        http.request("POST", collector.url + COLLECT, body=b"[{")
        found = collector.events()
    assert [one.verdict for one in found] == ["ok", "warn", "bad", "ok"]
    codes = [[issue.code for issue in one.issues] for one in found]
    assert codes == [[], ["name_outside_pattern"], ["attributes_not_object"], []]


def test_unknown_code() -> None:
    """A code that does not exist is refused, with the one that was probably meant."""
    with pytest.raises(GrowingParamException, match="did you mean sdk_old") as error:
        Handling(ignore=("sdk-odl",))
    assert (error.value.argument, error.value.code) == ("ignore", "unknown")


def test_empty_key() -> None:
    """A key to redact that is empty, as an unset variable leaves it, masks nothing unnoticed."""
    with pytest.raises(GrowingParamException, match="redact: a key is empty"):
        Handling(redact=("phone", ""))
