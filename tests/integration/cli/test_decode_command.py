"""``growingio decode``."""

import base64
import json
from pathlib import Path

import cramjam
import pytest
from typer.testing import CliRunner, Result

from growingio_cli.application import app
from growingio_collector import Collector
from lz_packing import as_bytes
from tree import CAPTURES

CAPTURED = sorted(CAPTURES.glob("*.json"))
EVENT = {"eventType": "CUSTOM", "eventName": "支付", "timestamp": 1700000000123, "userId": "u1"}
TEXT = json.dumps([EVENT], ensure_ascii=False)
URL = "http://127.0.0.1:8917/v3/projects/p1/collect?stm=1700000000123"


def _decode(*arguments: str, stdin: bytes = b"", locale: str = "C") -> Result:
    environment = {"LC_ALL": locale, "NO_COLOR": "1", "TERM": "dumb"}
    return CliRunner().invoke(app, ["decode", *arguments], input=stdin, env=environment)


def _masked(key: int) -> bytes:
    return bytes(byte ^ key for byte in bytes(cramjam.snappy.compress_raw(TEXT.encode())))


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_recordings(path: Path) -> None:
    """A recording is decoded request by request; what cannot be is the exit status."""
    result = _decode(str(path))
    requests = [
        request
        for request in json.loads(path.read_text("utf-8"))["requests"]
        if request["target"] != "/"
    ]
    assert result.output.count("/collect") >= len(requests)
    assert result.exit_code == (path.stem == "php-op-http")


def test_body() -> None:
    """A body is decoded as the options say that it was sent."""
    masked = _masked(0x7B)
    result = _decode(
        *("-", "--stm", "1700000000123"),
        *("--header", "X-Compress-Codec:2", "--header", "x-crypt-codec: 1"),
        stdin=masked,
    )
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines[1:4]] == ["xor", "snappy", "json"]
    assert "key 0x7b from stm" in lines[1]
    assert '  "eventName": "支付",' in lines


def test_item_by_path(tmp_path: Path) -> None:
    """The path says which kind of message a body holds."""
    body = tmp_path / "body"
    body.write_bytes(b'[{"id":"1"}]')
    result = _decode(str(body), "--path", "/projects/p1/collect/item")
    assert "bad  The item has no key." in result.output
    assert result.exit_code == 0


def test_undecodable() -> None:
    """A body that cannot be decoded ends with status 1, the reason and what to do."""
    masked = _masked(0x76)
    declared = ("--stm", "1700000000123", "--header", "X-Compress-Codec:2")
    result = _decode("-", *declared, "--header", "X-Crypt-Codec:1", stdin=masked)
    assert result.exit_code == 1
    assert "but it can with 0x76 (snappy, json)." in result.output
    assert "Fix: Encrypt with the lowest byte" in result.output


@pytest.mark.parametrize(
    ("lang", "locale", "chinese"),
    [
        ("auto", "zh_CN.UTF-8", True),
        ("auto", "C", False),
        ("zh-CN", "C", True),
        ("en", "zh_CN.UTF-8", False),
    ],
)
def test_language(lang: str, locale: str, chinese: bool) -> None:
    """The answer is in the language asked for, or in the terminal's."""
    result = _decode("-", "--lang", lang, stdin=b"[{", locale=locale)
    assert ("请求体不是 JSON：内容不完整。" in result.output) is chinese
    assert ("The body is not JSON" in result.output) is not chinese


CURLS = [
    f"curl '{URL}' -H 'Content-Type: application/json' --data-raw '{TEXT}'",
    f"curl -X POST {URL} \\\n  -H 'A: b' \\\n  -d '{TEXT}' --compressed -o /dev/null",
    f"curl --request=POST --url '{URL}' --data-binary $'{TEXT}'",
    f"curl -sS -XPOST -d'{TEXT}' {URL}",
    f"curl $'{URL}' --data-raw $'{TEXT.replace('支付', chr(92) + 'u652f' + chr(92) + 'u4ed8')}'",
    f"curl -G '{URL}&compress=0' -d 'data={TEXT}'",
    f"curl '{URL}&compress=0&data={TEXT}'",
]


@pytest.mark.parametrize("command", CURLS)
def test_curl(command: str) -> None:
    """A pasted curl command is the request that it would send, however it is written."""
    result = _decode("-", stdin=command.encode())
    assert '"eventName": "支付"' in result.output
    assert "/v3/projects/p1/collect" in result.output.splitlines()[0]
    assert result.exit_code == 0


def test_curl_with_binary_body() -> None:
    """A binary body that is piped in as base64 is read from the command."""
    body = base64.b64encode(as_bytes(TEXT)).decode()
    command = f"echo '{body}' | base64 -d | curl '{URL}&compress=1' --data-binary @-"
    result = _decode("-", stdin=command.encode())
    assert '"eventName": "支付"' in result.output


def test_curl_with_file(tmp_path: Path) -> None:
    """A body in a file is read from there, and a missing one is named."""
    body = tmp_path / "body.bin"
    body.write_bytes(as_bytes(TEXT))
    command = f"curl '{URL}&compress=1' --data-binary '@{body}'"
    assert '"eventName": "支付"' in _decode("-", stdin=command.encode()).output
    body.unlink()
    result = _decode("-", stdin=command.encode())
    assert (result.exit_code, "body.bin cannot be read" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (("-",), b"curl 'http://x", "the command is incomplete"),
        (("-",), b"curl -d 1", "the command has no URL"),
        (("-",), b'{"requests":[{}]}', "The recording cannot be read"),
        (("-",), b"echo ! | base64 -d | curl /v3/projects/p/collect -d @-", "not base64"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], stdin: bytes, sentence: str) -> None:
    """Wrong use is one sentence that names what is wrong."""
    result = _decode(*arguments, stdin=stdin)
    assert (result.exit_code, sentence in result.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("missing-file",), "missing-file cannot be read"),
        (("-", "--header", "nonsense"), "--header 'nonsense' is not NAME:VALUE"),
    ],
)
def test_wrong_options(arguments: tuple[str, ...], sentence: str) -> None:
    """An argument that cannot be used is status 2, and is named."""
    result = _decode(*arguments)
    assert (result.exit_code, sentence in result.output) == (2, True)


def test_escape_sequences_are_shown() -> None:
    """Nothing in a body reaches the terminal as a control sequence."""
    result = _decode("-", stdin='[{"eventName":"\\u001b[31m\u202ex"}]'.encode())
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_what_the_collector_shows(tmp_path: Path) -> None:
    """A request as the collector's API shows it is decoded again as it is."""
    import urllib3

    with Collector() as collector, urllib3.PoolManager() as http:
        url = f"{collector.url}/v3/projects/p1/collect?stm=1&compress=1"
        http.request("POST", url, body=as_bytes(TEXT))
        shown = http.request("GET", f"{collector.url}/api/v1/requests/1").data
    result = _decode("-", stdin=shown)
    assert '"eventName": "支付"' in result.output
