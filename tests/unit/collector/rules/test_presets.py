"""Rules of preset user attributes."""

import pytest

from growingio_collector.rules.history import History
from judging import codes, good_event, judge

RIGHT = [
    ("$basic_birthday", "1990-12-31"),
    ("$basic_gender", "MALE"),
    ("$basic_createdAt", 1795402173618),
    ("$basic_createdAt", "1795402173618"),
    ("$basic_address", "中国,北京,朝阳区"),
    ("$alipay_isCertified", True),
    ("$alipay_isCertified", "false"),
    ("$basic_mobile", "13800000000"),
    ("$first_utm_campaign", "spring"),
]
WRONG = [
    ("$basic_birthday", "1990/12/31", "date"),
    ("$basic_birthday", "1990-02-30", "date"),
    ("$basic_birthday", 631152000000, "date"),
    ("$basic_gender", "male", "gender"),
    ("$basic_gender", "男", "gender"),
    ("$basic_createdAt", "2026-01-01", "milliseconds"),
    ("$basic_createdAt", 1795402173, "milliseconds"),
    ("$basic_address", "中国，北京", "list"),
    ("$wechat_subscribeList", "a||b", "list"),
    ("$alipay_isCertified", "yes", "boolean"),
    ("$basic_mobile", 13800000000, "text"),
]


def _user(**attributes: object) -> dict[str, object]:
    return good_event(eventType="LOGIN_USER_ATTRIBUTES", eventName=..., attributes=attributes)


@pytest.mark.parametrize(("key", "value"), RIGHT)
def test_documented_format(key: str, value: object) -> None:
    """A value in the documented form passes, as a number or as a text."""
    assert codes(*judge(_user(**{key: value}))) == []


@pytest.mark.parametrize(("key", "value", "detail"), WRONG)
def test_other_format(key: str, value: object, detail: str) -> None:
    """A value in another form is warned of, also after right ones of the same event."""
    history = History()
    if isinstance(value, str):
        [right, *_] = [one for name, one in RIGHT if name == key and isinstance(one, str)] or ["x"]
        judge(_user(**{key: right}), history=history)
    [checked] = judge(_user(**{key: value}), history=history)
    [issue] = [one for one in checked.issues if one.code == "preset_format"]
    assert (issue.path, issue.values["detail"]) == (f"attributes.{key}", detail)


@pytest.mark.parametrize("key", ["$basic_birthDay", "$basic_mobil", "$wechat_openid"])
def test_misspelled(key: str) -> None:
    """A name that nearly is one of theirs names the one that was meant."""
    [checked] = judge(_user(**{key: "1"}))
    assert [issue.code for issue in checked.issues] == ["preset_misspelled"]


def test_set_by_the_platform() -> None:
    """The day when a user was first seen is the platform's to say."""
    assert codes(*judge(_user(**{"$first_day": "2026-01-01"}))) == ["preset_of_platform"]


def test_only_of_users() -> None:
    """Events of your own may have attributes of such names."""
    assert codes(*judge(good_event(attributes={"$basic_gender": "m"}))) == []


SETTING = [
    "LOGIN_USER_ATTRIBUTES",
    "VISITOR_ATTRIBUTES",
    "PAGE_ATTRIBUTES",
    "CONVERSION_VARIABLES",
]


@pytest.mark.parametrize("attributes", [..., {}])
@pytest.mark.parametrize("event_type", SETTING)
def test_without_attributes(event_type: str, attributes: object) -> None:
    """An event that is there to set attributes is warned of without any, each time."""
    history = History()
    bare = good_event(eventType=event_type, eventName=..., attributes=attributes)
    for user in ("u1", "u2"):
        [checked] = judge({**bare, "userId": user}, history=history)
        assert [(one.code, one.path) for one in checked.issues] == [("no_attributes", "attributes")]


def test_attributes_that_are_no_object() -> None:
    """What else is wrong with the attributes is said once."""
    bad = good_event(eventType="LOGIN_USER_ATTRIBUTES", eventName=..., attributes=[])
    assert codes(*judge(bad)) == ["attributes_not_object"]


def test_custom_event_without_attributes() -> None:
    """Other events need none."""
    assert codes(*judge(good_event(attributes={}))) == []
