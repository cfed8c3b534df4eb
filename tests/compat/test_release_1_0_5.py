"""The published release 1.0.5 beside ours (promises A1, A2)."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cramjam
import pytest

from growingio_wire.table import EVENT_TYPES, SCHEMAS, Kind
from growingio_wire.xor import xor

HERE = Path(__file__).parent
API: dict[str, list[list[str]]] = json.loads(
    (HERE.parent / "data" / "api-1.0.5.json").read_text("utf-8")
)

# What docs/migrating.md says does not exist any more.
GONE = (
    "FlushThread",
    "AsyncBufferedConsumer.transfer_buffers",
    "ProtobufParser.get_type",
    "ProtobufParser.protobuf",
    "ProtobufParser.protobuf_event",
    "ProtobufParser.protobuf_item",
)
KEPT = [path for path in API if not path.endswith(GONE) and "FlushThread." not in path]

STRATEGIES = ("default", "buffered", "async", "debug")
FORMATS = ("default", "json", "snappy", "snappy+xor", "protobuf")

Run = Callable[..., str]
Decoded = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ours(run: Run) -> dict[str, list[list[str]]]:
    """Our description."""
    found: dict[str, list[list[str]]] = json.loads(run(sys.executable, HERE / "describe.py"))
    return found


def test_a1_description_is_the_release(run: Run, release_1_0_5: str) -> None:
    """A1: tests/data/api-1.0.5.json is what the published wheel has."""
    assert json.loads(run(release_1_0_5, HERE / "describe.py")) == API


@pytest.mark.parametrize("path", KEPT)
def test_a1_name(ours: dict[str, list[list[str]]], path: str) -> None:
    """A1: each public name is importable, with its parameters at their places and defaults."""
    assert path in ours
    parameters = ours[path]
    for old, new in zip(API[path], parameters, strict=False):
        assert new[0] == old[0]
        assert new[1:] == old[1:] or not old[1:], "a default differs, or is missing"
    added = parameters[len(API[path]) :]
    assert len(parameters) >= len(API[path])
    assert all(len(parameter) == 2 for parameter in added), "a parameter that 1.0.5 lacks is needed"


def test_a3_gone(ours: dict[str, list[list[str]]]) -> None:
    """A3: FlushThread, transfer_buffers and ProtobufParser's helpers do not exist any more."""
    assert set(API) - set(KEPT) == {path for path in API if path not in ours}


@pytest.fixture(scope="module")
def requests(run: Run, release_1_0_5: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the same calls become: (by 1.0.5, by us), for each strategy and format."""
    directory = tmp_path_factory.mktemp("requests")
    found = []
    for name, python in (("old", release_1_0_5), ("new", sys.executable)):
        run(python, HERE / "calls.py", directory / name)
        found.append(json.loads((directory / name).read_text("utf-8")))
    return tuple(found)


def _decoded(requests: list[dict[str, Any]], official: Any) -> Decoded:
    """Return the messages of each address and form, in order; batches do not matter."""
    found: Decoded = {}
    for request in requests:
        path, _, query = request["path"].partition("?")
        headers = request["headers"]
        body = base64.b64decode(request["body_base64"])
        if "x-crypt-codec" in headers:
            body = xor(body, int(query.partition("stm=")[2]))
        if "x-compress-codec" in headers:
            body = bytes(cramjam.snappy.decompress_raw(body))
        if headers["content-type"] == "application/protobuf":
            messages = _from_protobuf(path, body, official)
        else:
            messages = json.loads(body)
        found.setdefault(f"{path} {headers}", []).extend(map(_comparable, messages))
    return found


def _from_protobuf(path: str, body: bytes, official: Any) -> list[dict[str, Any]]:
    kind = Kind.ITEM if path.endswith("/item") else Kind.EVENT
    keys = {field.name: field.json for field in SCHEMAS[kind].fields}
    types = {number: name for name, number in EVENT_TYPES.items()}
    messages = [
        {keys[name]: value for name, value in message.items()}
        for message in official.decode(kind.value, body)
    ]
    return [
        {**message, "eventType": types[message["eventType"]]} if "eventType" in message else message
        for message in messages
    ]


def _comparable(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs by nature: the version, and the time of a call without one."""
    given = {key: value for key, value in message.items() if key != "sdkVersion"}
    if "eventType" in given and "sendTime" not in given:
        assert isinstance(given.pop("timestamp"), int)
    return given


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a2_same_requests(requests: Any, official: Any, strategy: str, form: str) -> None:
    """A2: every documented call becomes the request that it becomes with 1.0.5."""
    old, new = (_decoded(recorded[f"{strategy}/{form}"], official) for recorded in requests)
    assert new == old
    assert sum(map(len, new.values())) == 17


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a3_protobuf_carries_stm(requests: Any, strategy: str, form: str) -> None:
    """A3: protobuf requests carry stm as all others do."""
    for request in requests[1][f"{strategy}/{form}"]:
        assert request["path"].partition("?stm=")[2].isdigit()
