"""Who sent a request: the SDK and its release, as far as the request tells."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from growingio_tracker.collector.decode import Message

_LONGEST: Final = 60
"""Characters of a name that a stranger chose."""

_LOOKED_AT: Final = 5
"""Messages that are asked for their SDK: a request comes from one client."""

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
    # These name a language's library, whose release says nothing about the SDK.
    (re.compile(r"python-requests/()"), "Python"),
    (re.compile(r"Go-http-client/()"), "Go"),
    (re.compile(r"Java/()"), "Java"),
    (re.compile(r"Mozilla/.*(?:MicroMessenger|miniprogram)()", re.IGNORECASE), "Mini-program"),
)
"""Parts of a User-Agent with the release in brackets, and the client that each means."""

_BROWSER: Final = "Mozilla/"
_PRODUCT: Final = re.compile(r"[^\s(;]+")


class _Sender(msgspec.Struct, rename="camel"):
    """What a message says about its sender; it may be of any type."""

    platform: object = None
    sdk_version: object = None


_DECODER: Final = msgspec.json.Decoder(_Sender)


def name_client(headers: Mapping[str, str], query: str, messages: Sequence[Message]) -> str | None:
    """Return the client that sent a request, with its release where it tells: ``"Web 4.3.1"``.

    A client that is not an SDK of GrowingIO is the first word of its User-Agent.

    :param headers: with names in lower case.
    :param query: as it came, without ``?``.
    :param messages: those that were read; what they say counts more than the headers.
    :return: None when nothing tells.
    """
    agent = headers.get("user-agent", "")
    by_agent = _named_by_agent(agent)
    for message in islice(messages, _LOOKED_AT):
        named = _named_by_message(message)
        if named:
            return named
    return by_agent or _named_by_habit(headers, agent, query)


def _named_by_message(message: Message) -> str | None:
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
    """Tell whether it may be the PHP SDK, whose curl names itself to nobody."""
    return (
        headers.get("accept") == "*/*"
        and headers.get("content-type") == "application/json"
        and query.startswith("stm=")
        and "compress=" not in query
    )
