"""Rules of identities: what passes for an id and is none."""

from typing import Any

import pytest

from growingio_collector.rules.history import History
from growingio_wire.table import Kind
from judging import NOW_MS, arrival, codes, good_event, judge

UNREAL = [
    "undefined",
    "null",
    "NULL",
    "None",
    "nil",
    "NaN",
    "nan",
    "[object Object]",
    " ",
    "\t\n",
    "　",
    "\u200b\ufeff",
    " null ",
    "00000000-0000-0000-0000-000000000000",
]
REAL = ["0", "-", "nullable", "Nana", " u1", "用户", "$notuser"]
FIELDS = ["userId", "deviceId", "userKey", "dataSourceId"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", UNREAL)
def test_unreal(field: str, value: str) -> None:
    """What a program prints for an id that it does not have is bad in every place of an id."""
    history = History()
    judge(good_event(userId="u0"), history=history)  # its form is known from here on
    [checked] = judge(good_event(**{field: value}), history=history)
    assert [(issue.code, issue.path) for issue in checked.issues] == [("unreal_id", field)]
    assert checked.verdict == "bad"


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", REAL)
def test_real(field: str, value: str) -> None:
    """Ids that only resemble such words are ids."""
    assert codes(*judge(good_event(**{field: value}))) == []


def test_white_space_is_shown() -> None:
    """A blank id is shown in quotes, in which it can be seen."""
    [checked] = judge(good_event(userId=" \t"))
    assert 'userId is " \\t"' in checked.issues[0].sentence


@pytest.mark.parametrize(
    ("message", "kind", "path"),
    [
        ({"id": "undefined", "key": "goods"}, Kind.ITEM, "id"),
        ({"id": "1", "key": "null"}, Kind.ITEM, "key"),
        ({"identifies": {"phone": "null", "email": "a@b"}}, Kind.MAPPING, "identifies.phone"),
    ],
)
def test_items_and_mappings(message: dict[str, Any], kind: Kind, path: str) -> None:
    """Items and mappings are held to the same."""
    [checked] = judge(message, kind=kind)
    assert [(issue.code, issue.path) for issue in checked.issues] == [("unreal_id", path)]


@pytest.mark.parametrize("project", ["undefined", "null", " "])
def test_project(project: str) -> None:
    """A project that is none makes every message of the request bad."""
    checked = judge(good_event(), good_event(userId="u2"), came=arrival(project=project))
    assert codes(*checked) == ["unreal_id", "unreal_id"]
    assert [one.verdict for one in checked] == ["bad", "bad"]


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({"eventName": "undefined"}, "unreal_name", "warn"),
        ({"eventName": " "}, "unreal_name", "warn"),
        ({"userId": ..., "deviceId": "d", "userKey": "email"}, "key_without_user", "bad"),
        (
            {"eventType": "LOGIN_USER_ATTRIBUTES", "userId": ..., "deviceId": "d"},
            "attributes_of_nobody",
            "bad",
        ),
        ({"attributes": {" ": "x"}}, "blank_key", "warn"),
        ({"userID": "u1"}, "misspelled_field", "warn"),
        ({"event_name": "pay"}, "misspelled_field", "warn"),
        ({"sendTime": "now"}, "wrong_type", "bad"),
        ({"resourceItem": []}, "wrong_type", "bad"),
    ],
)
def test_never_ok(changes: dict[str, Any], code: str, verdict: str) -> None:
    """None of these passes, also after a good event of the same form; nor later ones of its own."""
    history = History()
    judge(good_event(userId="u0", deviceId="d0"), history=history)
    for number in range(2):
        [checked] = judge(good_event(timestamp=NOW_MS + number, **changes), history=history)
        assert code in codes(checked)
        assert checked.verdict == verdict


@pytest.mark.parametrize("name", ["nan", "Undefined behaviour", "null_island", "nil"])
def test_names(name: str) -> None:
    """Names that only resemble such words are names."""
    assert "unreal_name" not in codes(*judge(good_event(eventName=name)))


def test_other_fields() -> None:
    """A field that resembles none of the protocol is the client's own business."""
    assert codes(*judge(good_event(vendorSpecial=1))) == []


@pytest.mark.parametrize(
    ("message", "kind", "path"),
    [
        ({"id": 7, "key": "goods"}, Kind.ITEM, "id"),
        (good_event(dataSourceId=7), Kind.EVENT, "dataSourceId"),
        (good_event(resourceItem={"id": 7, "key": "goods"}), Kind.EVENT, "resourceItem.id"),
        (good_event(resourceItem={"id": "7", "key": 1.5}), Kind.EVENT, "resourceItem.key"),
    ],
)
def test_numbers(message: dict[str, Any], kind: Kind, path: str) -> None:
    """An id that is a number is warned of, also when all else of the event is known."""
    history = History()
    judge(good_event(), history=history)
    [checked] = judge(message, kind=kind, history=history)
    assert [(issue.code, issue.path) for issue in checked.issues] == [("id_not_text", path)]
    assert checked.verdict == "warn"


def test_item_of_an_event() -> None:
    """The item that an event is about has an id that is one; without any, nothing is said."""
    [checked] = judge(good_event(resourceItem={"id": "undefined", "key": "goods"}))
    assert [(one.code, one.path) for one in checked.issues] == [("unreal_id", "resourceItem.id")]
    for item in ({"id": "7", "key": "goods"}, {}, None):
        assert codes(*judge(good_event(resourceItem=item))) == []
