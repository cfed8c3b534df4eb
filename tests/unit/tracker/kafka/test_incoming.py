"""Messages of a topic, read by a relay."""

from __future__ import annotations

import json

import pytest

from consumed import EVENTS, LABELS, FakeMessage
from growingio_tracker.kafka.incoming import ConsumedRecord, Incoming
from growingio_tracker.kafka.topic import Header, Origin
from growingio_wire.table import Kind

RAW = b'{"eventType":"CUSTOM","eventName":"paid","projectKey":"p","dataSourceId":"d"}'


def read(
    value: bytes | None, headers: list[Header] | None = None, **options: str
) -> list[ConsumedRecord]:
    return list(Incoming(**options).entries(FakeMessage(value, headers, offset=7)))  # type: ignore[arg-type]


def test_record() -> None:
    """A message with the headers of the format is one record, byte for byte."""
    [entry] = read(b'{"eventName":"paid"}', LABELS)
    assert (entry.origin, entry.record, entry.offset) == (EVENTS, b'{"eventName":"paid"}', 7)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no_value"),
        (b"", "no_value"),
        (b"  ", "no_value"),
        (b"nonsense", "not_json"),
        (b"[1]", "not_json"),
        (b'{"a":1', "not_json"),
        (b'{"a":1} {"b":2}', "not_json"),
        (b'{"a":"\xff"}', "not_json"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
        (b'{"a":"' + b"x" * 1024 * 1024 + b'"}', "too_large"),
    ],
)
def test_faulty_record(value: bytes | None, reason: str) -> None:
    """What is no JSON object of a usual size is no record, whatever its headers say."""
    [entry] = read(value, LABELS)
    assert (entry.origin, entry.fault) == (None, reason)
    assert "nonsense" not in entry.detail


def test_newer_format() -> None:
    """A record of a version that this release does not know is kept for one that does."""
    [entry] = read(b"{}", [("growingio-record", b"2"), *LABELS[1:]])
    assert entry.fault == "newer_format"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (RAW, Kind.EVENT),
        (b'{"id":"1","key":"sku","projectKey":"p","dataSourceId":"d"}', Kind.ITEM),
        (b'{"identifies":{"$basic_userId":"u"},"projectKey":"p","dataSourceId":"d"}', Kind.MAPPING),
    ],
)
def test_raw_kinds(value: bytes, kind: Kind) -> None:
    """A message without headers says its kind, project and data source by its keys."""
    [entry] = read(value, [("traceparent", b"x")])
    assert (entry.origin, entry.record) == (Origin(kind, "p", "d"), value)


@pytest.mark.parametrize("value", [b'{"a":1}', b'{"id":"1"}', b'{"eventType":7}', b"7", b"x"])
def test_unclear_raw(value: bytes) -> None:
    """A raw message of no clear kind is faulty."""
    [entry] = read(value, product_id="p", data_source_id="d")
    assert entry.origin is None


def test_array() -> None:
    """Each element of a raw array is a record of its own; one bad one spares the others."""
    first, bad, last = read(b" [%s, {}, %s]" % (RAW, RAW))
    assert first.record == last.record == RAW
    assert (first.offset, bad.fault, last.origin) == (7, "unknown_kind", first.origin)


def test_defaults() -> None:
    """A relay's project and data source are those of raw messages that name none."""
    value = b'{"eventType":"CUSTOM","projectKey":"p"}'
    assert read(value)[0].fault == "no_data_source"
    [entry] = read(value, product_id="other", data_source_id="mine")
    assert entry.origin == Origin(Kind.EVENT, "p", "mine")
    assert json.loads(entry.record) == json.loads(value) | {"dataSourceId": "mine"}


def test_no_defaults_for_records() -> None:
    """Headers of the format that lack the project are wrong, and are not completed."""
    labels = [one for one in LABELS if one[0] != "growingio-project"]
    [entry] = read(b"{}", labels, product_id="p", data_source_id="d")
    assert entry.fault == "no_project"
