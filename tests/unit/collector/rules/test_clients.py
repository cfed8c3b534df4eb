"""Naming the client of a request."""

import pytest

from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.clients import name_client


@pytest.mark.parametrize(
    ("agent", "text", "name"),
    [
        ("python-requests/2.34.2", b'{"platform":"python","sdkVersion":"1.0.5"}', "Python 1.0.5"),
        ("growingio-python/2.0.0", b'{"id":"1","key":"goods"}', "Python 2.0.0"),
        ("okhttp/4.9", b'{"platform":"Android","sdkVersion":"4.3.0"}', "Android 4.3.0"),
        ("Shop/1 CFNetwork/1", b'{"platform":"iOS","sdkVersion":"4.2.0"}', "iOS 4.2.0"),
        ("Mozilla/5.0 MicroMessenger/8", b'{"platform":"MinP"}', "Mini-program"),
        ("curl/8.5.0", b'{"eventName":"a"}', "curl 8.5.0"),
        ("Java/17.0.15", b'{"eventName":"a"}', "Java"),
        ("shop-backend/3.1 (linux)", b'{"eventName":"a"}', "shop-backend 3.1"),
        ("", b'{"eventName":"a"}', None),
        ("", b"[1]", None),
        ("", b'{"platform":3,"sdkVersion":"1"}', None),
        ("", b'{"platform":"web","sdkVersion":3}', "Web"),
    ],
)
def test_name(agent: str, text: bytes, name: str | None) -> None:
    """The message names the SDK and its release; without that the User-Agent names the client."""
    headers = {"user-agent": agent} if agent else {}
    assert name_client(headers, "stm=1", [DecodedMessage(text)]) == name


def test_unreadable() -> None:
    """A browser that sends what cannot be read is taken for the Web SDK."""
    headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    assert name_client(headers, "stm=1&compress=1", []) == "Web"
    assert name_client(headers, "stm=1", [DecodedMessage(None)]) == "Mozilla 5.0"


def test_no_agent() -> None:
    """PHP's curl has no User-Agent, but habits; another silent client stays nameless."""
    php = {"accept": "*/*", "content-type": "application/json"}
    assert name_client(php, "stm=1795402191055", []) == "PHP"
    assert name_client({"content-type": "application/json"}, "stm=1", []) is None


def test_long_agent() -> None:
    """A name is never long, however long the User-Agent is."""
    named = name_client({"user-agent": "x" * 10_000}, "", [])
    assert named is not None
    assert len(named) == 60
