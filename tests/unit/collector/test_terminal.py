"""The line of an event."""

import msgspec
import pytest

from growingio_collector import Event
from growingio_collector.rules.bodies import EMPTY_BODY
from growingio_collector.terminal import line
from growingio_wire.said import harmless


def _event(**changes: object) -> Event:
    event = Event(
        id=1,
        request_id=1,
        received_ms=1700000000123,
        project="p",
        client=None,
        run=None,
        kind="event",
        type="CUSTOM",
        name="加入购物车",
        user_key=None,
        user_id="用户-1001",
        device_id="d1",
        timestamp=None,
        verdict="ok",
        issues=(),
        raw=msgspec.Raw('{"attributes":{"商品":"苹果🍎","n":3,"list":[1,2]}}'.encode()),
    )
    return msgspec.structs.replace(event, **changes)


def test_event() -> None:
    """Time, verdict, type, name, user and attributes stand in this order, Chinese text intact."""
    clock, rest = line(_event()).split(" ", 1)
    assert clock.endswith(".123")
    assert rest == "ok   CUSTOM 加入购物车 user=用户-1001 商品=苹果🍎 n=3 list=[1,2]"


def test_bad_request() -> None:
    """A request that could not be read says why."""
    event = _event(
        kind="request",
        type=None,
        name=None,
        user_id=None,
        device_id=None,
        verdict="bad",
        issues=(EMPTY_BODY.issue(),),
        raw=msgspec.Raw(b"null"),
    )
    assert line(event).split(" ", 1)[1].startswith("bad  request ! The request has no body. Send")


def test_item_and_mapping() -> None:
    """An item shows its id, a mapping its identities."""
    item = _event(kind="item", type=None, name="goods", raw=msgspec.Raw(b'{"id":"42"}'))
    mapping = _event(
        kind="mapping", type=None, user_id=None, raw=msgspec.Raw(b'{"identifies":{"phone":"1"}}')
    )
    assert "item goods id=42" in line(item)
    assert "phone=1" in line(mapping)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb", r"a\r\nb"),
        ("\u202eabc", r"\u202eabc"),
        ("\u2028", r"\u2028"),
        ("\x9b31m", r"\x9b31m"),
        ("\udc80", r"\udc80"),
        ("全角\u3000空格 👩\u200d👩", "全角\u3000空格 👩\u200d👩"),
    ],
)
def test_harmless(text: str, shown: str) -> None:
    """What a terminal might obey is written out; text of any language is not touched."""
    assert harmless(text) == shown


def test_one_line() -> None:
    """Whatever a client sends, its event is one line of printable text."""
    nasty = "\x1b]0;x\x07\n"
    raw = msgspec.json.encode({"attributes": {nasty: nasty * 50}})
    text = line(_event(name=nasty, user_id=nasty, type=nasty, raw=msgspec.Raw(raw)))
    assert text.isprintable()
    assert len(text) < 1000
