"""From rows to records."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.bulk import RowMapping, Source
from growingio_tracker.bulk.mapping import RowKind, guess
from growingio_tracker.bulk.rows import BadRow, Converter, RowOptions
from growingio_tracker.bulk.typed import Row
from growingio_tracker.delivery import Destination
from growingio_tracker.model.record import PlainRecords
from growingio_wire.said import Said

ORDER: dict[str, str | Source] = {"event_name": Source(value="order"), "login_user_id": "id"}

HERE = Destination("p", "d", "http://s")


def converted(
    row: dict[str, Any],
    mapping: RowMapping | None = None,
    kind: RowKind = "event",
    options: RowOptions | None = None,
) -> dict[str, Any]:
    """Return the object that one row becomes; it must not fail."""
    mapping = mapping or RowMapping.by_name(kind)
    found = Converter(kind, mapping, HERE, options or RowOptions()).convert([row])
    assert found.failed == []
    [record] = found.records
    decoded: dict[str, Any] = msgspec.json.decode(record)
    return decoded


def reason(row: dict[str, Any], mapping: RowMapping | None = None) -> str:
    """Return why one row fails."""
    found = Converter("event", mapping or RowMapping.by_name("event"), HERE).convert([row])
    [(place, why)] = found.failed
    assert (place, found.records) == (0, [])
    return why.en


def test_event() -> None:
    """The fields of a row become the fields of an event, and its other columns attributes."""
    row = {"event_name": "paid", "login_user_id": "u", "event_time": 1_700_000_000_000, "sku": "A"}
    found = converted(row)
    assert (found["eventName"], found["userId"], found["timestamp"]) == (
        "paid",
        "u",
        1_700_000_000_000,
    )
    assert found["sendTime"] == found["timestamp"]
    assert found["attributes"] == {"sku": "A"}
    assert (found["projectKey"], found["dataSourceId"]) == HERE[:2]


def test_user() -> None:
    """A row of kind user becomes a login user's attributes."""
    found = converted({"login_user_id": "u", "level": 3}, kind="user")
    assert (found["eventType"], found["attributes"]) == ("LOGIN_USER_ATTRIBUTES", {"level": 3})


def test_item() -> None:
    """A row of kind item becomes a row of a dimension table."""
    found = converted({"item_key": "product", "item_id": "007", "color": "red"}, kind="item")
    assert (found["key"], found["id"], found["attributes"]) == ("product", "007", {"color": "red"})


def test_preset() -> None:
    """A column named as a preset property becomes that property."""
    row = {"event_name": "e", "login_user_id": "u", "app_version": "1.2"}
    assert converted(row)["appVersion"] == "1.2"


def test_same_value() -> None:
    """A field with a value has it in every row."""
    assert converted({"id": "1"}, RowMapping(fields=ORDER))["eventName"] == "order"


def test_leading_zeros() -> None:
    """Text that looks like a number stays text in ids and attributes unless a type is declared."""
    found = converted({"id": "00123", "code": "007"}, RowMapping(fields=ORDER))
    assert (found["userId"], found["attributes"]) == ("00123", {"code": "007"})


@pytest.mark.parametrize(
    ("source", "given", "sent"),
    [
        (Source("x", type="int"), "42", 42),
        (Source("x", type="int"), 42.0, 42),
        (Source("x", type="float"), "1.5", 1.5),
        (Source("x", type="bool"), "Yes", True),
        (Source("x", type="bool"), "否", False),
        (Source("x", type="bool"), 1, True),
        (Source("x", type="text"), 42, "42"),
        (Source("x", type="text"), 42.0, "42"),
        (Source("x", type="text"), True, "true"),
        (Source("x", type="list", separator="、"), "新客、VIP", "新客||VIP"),
        (Source("x"), "00123", "00123"),
    ],
)
def test_declared_type(source: Source, given: object, sent: object) -> None:
    """A declared type decides what an attribute is sent as."""
    mapping = RowMapping(fields=ORDER, attributes={"x": source})
    assert converted({"id": "1", "x": given}, mapping)["attributes"] == {"x": sent}


@pytest.mark.parametrize(("kind", "given"), [("int", "1.5"), ("int", 1.5), ("float", "viel"),
                                             ("bool", "maybe"), ("bool", 2.5)])  # fmt: skip
def test_not_of_declared_type(kind: Any, given: object) -> None:
    """A value that is not of the declared type fails its row, and is not in the reason."""
    mapping = RowMapping(fields=ORDER, attributes={"x": Source("x", type=kind)})
    why = reason({"id": "1", "x": given}, mapping)
    assert "x is not what the mapping declares" in why
    assert str(given) not in why


@pytest.mark.parametrize(
    ("source", "given"),
    [
        (Source("t"), "1700000000000"),
        (Source("t"), 1_700_000_000_000),
        (Source("t", type="ms"), "1700000000000"),
        (Source("t", type="seconds"), "1700000000"),
        (Source("t", type="seconds"), 1_700_000_000.0),
        (Source("t"), "2023-11-14T22:13:20Z"),
        (Source("t"), "2023-11-15T06:13:20+08:00"),
        (Source("t", zone="Asia/Shanghai"), "2023-11-15 06:13:20"),
        (Source("t", zone="Asia/Shanghai", format="%Y/%m/%d %H:%M:%S"), "2023/11/15 06:13:20"),
        (Source("t", type="datetime", zone="UTC"), "2023-11-14 22:13:20"),
    ],
)
def test_event_time(source: Source, given: object) -> None:
    """Each of these is the same moment."""
    mapping = RowMapping(fields={**ORDER, "event_time": source})
    assert converted({"id": "1", "t": given}, mapping)["timestamp"] == 1_700_000_000_000


def test_seconds_without_declaration() -> None:
    """Seconds that are not declared fail, and the reason has the right number."""
    mapping = RowMapping(fields={**ORDER, "event_time": "t"})
    assert "1700000000000" in reason({"id": "1", "t": "1700000000"}, mapping)


def test_unknown_zone() -> None:
    """A time zone that nobody knows is a mistake in the mapping, not in the rows."""
    mapping = RowMapping(fields={**ORDER, "event_time": Source("t", zone="Mars/Base")})
    with pytest.raises(GrowingParamException, match="Mars/Base"):
        Converter("event", mapping, HERE)


def test_rest_ignored() -> None:
    """With rest: ignore only declared attributes are sent."""
    mapping = RowMapping(fields=ORDER, attributes={"Price": "price"}, rest="ignore")
    found = converted({"id": "1", "price": 5, "secret": "x"}, mapping)
    assert found["attributes"] == {"Price": 5}


def test_ignore() -> None:
    """A column under ignore is not sent."""
    found = converted({"id": "1", "a": 1, "b": 2}, RowMapping(fields=ORDER, ignore=("a",)))
    assert found["attributes"] == {"b": 2}


def test_spread() -> None:
    """The members of a column under spread become attributes."""
    mapping = RowMapping(fields=ORDER, spread=("props",))
    found = converted({"id": "1", "props": {"a": 1}, "b": 2}, mapping)
    assert found["attributes"] == {"a": 1, "b": 2}


def test_spread_of_no_object() -> None:
    """A row whose column under spread is no object fails."""
    assert "props" in reason({"id": "1", "props": "x"}, RowMapping(fields=ORDER, spread=("props",)))


def test_column_used_twice() -> None:
    """A column may be a field and an attribute."""
    mapping = RowMapping(fields=ORDER, attributes={"copy": "id"})
    found = converted({"id": "1"}, mapping)
    assert (found["userId"], found["attributes"]) == ("1", {"copy": "1"})


def test_unsendable_attribute() -> None:
    """An attribute that cannot be sent fails its row, and the reason has its path."""
    assert "attributes.x" in reason({"id": "1", "x": b"raw"}, RowMapping(fields=ORDER))


def test_too_long() -> None:
    """A row whose record is longer than allowed fails."""
    converter = Converter("event", RowMapping(fields=ORDER), HERE, RowOptions(frozenset(), 300))
    [(_, why)] = converter.convert([{"id": "1", "x": "y" * 300}]).failed
    assert "max_event_bytes" in why.en


def test_redact() -> None:
    """The values of redacted attributes are not in the record."""
    found = converted(
        {"id": "1", "phone": "138"}, RowMapping(fields=ORDER), options=RowOptions({"phone"})  # type: ignore[arg-type]
    )  # fmt: skip
    assert found["attributes"] == {"phone": "***"}


def test_places() -> None:
    """Failed rows have their places, and so do the records of the others."""
    rows: list[Any] = [
        {"id": "0"},
        BadRow(Said("is broken", "已损坏")),
        {"id": "2"},
        {"x": 1},
        {"id": "4"},
    ]
    found = Converter("event", RowMapping(fields=ORDER), HERE).convert(rows)
    assert [place for place, _ in found.failed] == [1, 3]
    assert found.places() == [0, 2, 4]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (RowMapping(), "no column is event_name"),
        (RowMapping(fields={"event_name": "e"}), "anonymous_id or login_user_id"),
        (RowMapping(fields={**ORDER, "eventname": "e"}), "did you mean 'event_name'"),
        (RowMapping(fields={**ORDER, "event_time": Source()}), "either a column or a value"),
        (RowMapping(fields=ORDER, attributes={"a": Source("a", type="ms")}), "attributes.a"),
    ],
)
def test_mapping_mistakes(mapping: RowMapping, message: str) -> None:
    """A mapping that cannot be used says what is wrong with it."""
    with pytest.raises(GrowingParamException, match=message):
        Converter("event", mapping, HERE)


def test_missing_column() -> None:
    """A column that the file does not have is named, with the nearest one that it has."""
    with pytest.raises(GrowingParamException, match=r"'ids', which f does not have.*'id'"):
        RowMapping(fields={"login_user_id": "ids"}).check_columns(("id", "x"), "f")


MIXPANEL = {
    "event": "Sign up",
    "properties": {"time": 1_704_412_800, "distinct_id": "u1", "plan": "pro"},
}
PATHS = RowMapping(
    fields={
        "event_name": "event",
        "login_user_id": "properties.distinct_id",
        "event_time": Source("properties.time", type="seconds"),
    },
    attributes={"which": "properties.plan"},
    spread=("properties",),
)


@pytest.mark.parametrize("as_text", [False, True])
def test_j4_paths(as_text: bool) -> None:
    """J4: a path leads to a member, also of an object that is written as text; it is sent once."""
    row: dict[str, Any] = dict(MIXPANEL)
    if as_text:
        row["properties"] = json.dumps(row["properties"])
    found = converted(row, PATHS)
    assert (found["userId"], found["timestamp"]) == ("u1", 1_704_412_800_000)
    assert found["attributes"] == {"which": "pro"}


def test_columns_with_dots() -> None:
    """A column whose name is the path itself wins."""
    mapping = RowMapping(fields={"event_name": "e", "login_user_id": "a.b"})
    found = converted({"e": "x", "a.b": "u", "a": {"b": "v", "c": 1}}, mapping)
    assert found["userId"] == "u"


@pytest.mark.parametrize("properties", [None, "text", 7, {}, "{broken"])
def test_paths_to_nothing(properties: object) -> None:
    """A path to nothing is a missing value."""
    mapping = RowMapping(fields={"event_name": "event", "login_user_id": "properties.id"})
    assert "both missing" in reason({"event": "a", "properties": properties}, mapping)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("20240105", "%Y%m%d"),
        (20240105, "%Y%m%d"),
        ("202401050800", "%Y%m%d%H%M"),
        (20240105080000, "%Y%m%d%H%M%S"),
        ("2024/1/5 8:00", "%Y/%m/%d %H:%M"),
        ("2024/01/05", "%Y/%m/%d"),
        ("2024.01.05 08:00:01", "%Y.%m.%d %H:%M:%S"),
        ("2024年1月5日 8:00", "%Y年%m月%d日 %H:%M"),
        ("05/01/2024", "%d/%m/%Y"),
        ("1-5-2024 8:00 AM", "%d-%m-%Y"),
        ("45296.333", "Excel"),
    ],
)
def test_j4_date_hints(written: object, said: str) -> None:
    """J4: a time that would be read wrongly, or not at all, fails with what to declare."""
    row = {"event_name": "a", "login_user_id": "u", "event_time": written}
    assert said in reason(row)


@pytest.mark.parametrize(
    "written",
    ["2024/1/5 8:00", "202401050800", 202401050800, "2024年1月5日 8:00", "2024.1.5 08:00"],
)
def test_declared_dates(written: object) -> None:
    """What a hint says can be declared, and is what the guess declares."""
    mapping = guess(
        "event", ["event", "uid", "time"], [{"event": "a", "uid": "u", "time": written}]
    )
    source = mapping.fields["event_time"]
    assert isinstance(source, Source)
    zoned = msgspec.structs.replace(source, zone="Asia/Shanghai")
    mapping.fields["event_time"] = zoned
    found = converted({"event": "a", "uid": "u", "time": written}, mapping)
    assert found["timestamp"] == 1_704_412_800_000


@pytest.mark.parametrize("time", ["1704412800000", "2024-01-05T00:00:00Z", "946684800000"])
def test_plain_times(time: str) -> None:
    """Milliseconds, those of earlier years too, and ISO 8601 need no declaration."""
    assert converted({"event_name": "a", "login_user_id": "u", "event_time": time})["timestamp"]


def test_j4_odd_ids() -> None:
    """J4: ids that read like a missing value are counted, and sent."""
    rows = [{"event_name": "a", "login_user_id": word} for word in ("NULL", "\\N", "nan", "Nancy")]
    found = Converter("event", RowMapping.by_name("event"), HERE).convert(rows)
    assert (len(found.records), found.odd_ids) == (4, 3)


VALUES: list[object] = [
    *(
        "u",
        "",
        " ",
        "中",
        '"\\\n',
        "\u2028\x00",
        "\ud800",
        None,
        0,
        7,
        2**64,
        True,
        -0.0,
        1.5,
        1e300,
    ),
    *(float("nan"), [1, None, "x"], {"a": 1}, {}, b"b", "x" * 200, "undefined"),
]
TIMES: list[object] = [
    *(None, 1_700_000_000_000, "1700000000000", 1, -1, 1_700_000_000, 1.7e12, True, "2024-01-05"),
    *("", "１７００００００００００0", 10**15, 99_999_999_999_999),
]


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("value", VALUES)
def test_short_way(value: object, time: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a record is made at once or over a message, it is the same, or fails for the same."""
    row = {"event_name": "e", "login_user_id": "u", "event_time": time, "a": 1, "时": "x"}
    rows: list[Row] = [{**row, name: value} for name in (*row, "anonymous_id", "language", "new")]
    rows += [{**row, "login_user_key": "k"}, {"event_name": "e", "anonymous_id": value}]
    options = RowOptions(max_event_bytes=250)
    converter = Converter("event", RowMapping.by_name("event"), HERE, options)
    monkeypatch.setattr("growingio_tracker.bulk.rows.now_ms", lambda: 1_700_000_000_001)
    short = converter.convert([one.copy() for one in rows])
    monkeypatch.setattr(PlainRecords, "record", lambda *_: None)
    assert converter.convert([one.copy() for one in rows]) == short
    assert short.records or short.failed
