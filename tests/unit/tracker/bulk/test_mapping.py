"""The guess at a mapping."""

from __future__ import annotations

from growingio_tracker.bulk import Source
from growingio_tracker.bulk.mapping import guess


def test_english() -> None:
    """Columns of usual English names become the fields, whatever their case and punctuation."""
    found = guess("event", ["Event Name", "userId", "DEVICE_ID", "Timestamp", "price"], [])
    assert found.fields == {
        "event_name": "Event Name",
        "anonymous_id": "DEVICE_ID",
        "login_user_id": "userId",
        "event_time": "Timestamp",
    }


def test_chinese() -> None:
    """Columns of usual Chinese names become the fields."""
    found = guess("event", ["事件名称", "用户ID", "时间", "价格"], [])
    assert found.fields == {
        "event_name": "事件名称",
        "login_user_id": "用户ID",
        "event_time": "时间",
    }


def test_item() -> None:
    """The id of an item is the column id."""
    assert guess("item", ["id", "color"], []).fields == {"item_id": "id"}


def test_seconds() -> None:
    """A time whose samples look like seconds is declared so."""
    found = guess("event", ["ts"], [{"ts": "1700000000"}, {}, {"ts": "1700000001.5"}])
    assert found.fields == {"event_time": Source("ts", type="seconds")}


def test_objects() -> None:
    """A column named attributes is spread when it holds objects, and only then."""
    assert guess("event", ["attributes"], [{"attributes": {"a": 1}}]).spread == ("attributes",)
    assert guess("event", ["attributes"], [{"attributes": "a"}]).spread == ()


def test_exported_record() -> None:
    """What only the wire needs is ignored in records, such as a spool's export."""
    columns = ["eventType", "eventName", "userId", "projectKey", "dataSourceId", "platform"]
    found = guess("event", columns, [])
    assert found.ignore == ("eventType", "projectKey", "dataSourceId", "platform")
