"""Clients as requests identify them, and the rule for outdated SDKs."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.issue import WARN, Issue, rule
from growingio_wire import VERSION
from growingio_wire.said import Said

SDK_OLD: Final = rule(
    "sdk_old",
    WARN,
    Said(
        "The SDK is release {version}; the newest known release is {newest}.",
        "发送方的 SDK 版本是 {version}；已知的最新版本是 {newest}。",
    ),
    Said(
        "Upgrade the SDK when you can. This is reported once per release.",
        "请在方便时升级 SDK。每个版本只提示一次。",
    ),
    headline=Said("The SDK is not the newest release", "SDK 不是最新版本"),
)

_VERSION: Final = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}")
_NEWEST: Final[Mapping[str, str]] = {
    "python": VERSION,
    "go": "1.0.1",
    "web": "4.3.1",
    "MinP": "4.6.0",
}
"""The newest known releases, by the platform that they send. Other SDKs send no version."""

_LONGEST: Final = 60
"""Maximum length of a name from a User-Agent."""

_LOOKED_AT: Final = 5
"""Number of messages searched for the SDK: a request comes from one client."""

_BY_PLATFORM: Final = {
    "python": "Python",
    "go": "Go",
    "web": "Web",
    "minp": "Mini-program",
    "ios": "iOS",
    "android": "Android",
    "harmonyos": "HarmonyOS",
    "java": "Java",
    "php": "PHP",
}

_BY_AGENT: Final = (
    (re.compile(r"GrowingAnalytics/(\S+) Qt/"), "Qt"),
    (re.compile(r"growingio-python/(\S+)"), "Python"),
    (re.compile(r"curl/(\S+)"), "curl"),
    # HTTP libraries, whose version says nothing about the SDK.
    (re.compile(r"python-requests/()"), "Python"),
    (re.compile(r"Go-http-client/()"), "Go"),
    (re.compile(r"Java/()"), "Java"),
    (re.compile(r"Mozilla/.*(?:MicroMessenger|miniprogram)()", re.IGNORECASE), "Mini-program"),
)
"""Parts of a User-Agent with the release in brackets, and the client that each means."""

_BROWSER: Final = "Mozilla/"
_PRODUCT: Final = re.compile(r"[^\s(;]+")


class _Sender(msgspec.Struct, rename="camel"):
    """Fields of a message about its sender, of any type."""

    platform: object = None
    sdk_version: object = None


_DECODER: Final = msgspec.json.Decoder(_Sender)


def name_client(
    headers: Mapping[str, str], query: str, messages: Sequence[DecodedMessage]
) -> str | None:
    """Return the client that sent a request, with its release if known: ``"Web 4.3.1"``.

    A client that is not an SDK of GrowingIO is the first word of its User-Agent.

    :param headers: with names in lower case.
    :param query: as it came, without ``?``.
    :param messages: the decoded messages, which take precedence over the headers.
    :return: None if unknown.
    """
    agent = headers.get("user-agent", "")
    by_agent = _named_by_agent(agent)
    for message in islice(messages, _LOOKED_AT):
        named = _named_by_message(message)
        if named:
            return named
    return by_agent or _named_by_habit(headers, agent, query)


def _named_by_message(message: DecodedMessage) -> str | None:
    if message.text is None:
        return None
    try:
        sender = _DECODER.decode(message.text)
    except msgspec.DecodeError:
        return None
    if not isinstance(sender.platform, str):
        return None
    name = _BY_PLATFORM.get(sender.platform.lower())
    if name is None:
        return None
    version = sender.sdk_version if isinstance(sender.sdk_version, str) else ""
    return _with_release(name, version)


def _with_release(name: str, release: str) -> str:
    return f"{name} {release}".strip()[:_LONGEST]


def _named_by_agent(agent: str) -> str | None:
    for pattern, name in _BY_AGENT:
        found = pattern.search(agent)
        if found:
            return _with_release(name, found[1])
    return None


def _named_by_habit(headers: Mapping[str, str], agent: str, query: str) -> str | None:
    if agent.startswith(_BROWSER) and "compress=" in query:
        return "Web"
    if not agent:
        return "PHP" if _looks_like_php(headers, query) else None
    product = _PRODUCT.match(agent)
    return product[0].replace("/", " ", 1)[:_LONGEST] if product else None


def _looks_like_php(headers: Mapping[str, str], query: str) -> bool:
    """Tell whether it may be the PHP SDK, whose curl sends no User-Agent."""
    return (
        headers.get("accept") == "*/*"
        and headers.get("content-type") == "application/json"
        and query.startswith("stm=")
        and "compress=" not in query
    )


def sdk_issue(platform: object, version: object) -> Issue | None:
    """Return an issue when a newer release of the sending SDK is known."""
    if not isinstance(platform, str) or not isinstance(version, str):
        return None
    newest = _NEWEST.get(platform)
    if newest is None or not _VERSION.fullmatch(version) or _parts(version) >= _parts(newest):
        return None
    return SDK_OLD.issue("sdkVersion", version=version, newest=newest)


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
