"""Requests in the form of recordings: one JSON object each, or a list under ``requests``."""

import string
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from growingio_tracker.exceptions import GrowingParamException

_PRINTABLE: Final = string.printable.strip()


class Recorded(NamedTuple):
    """A request as it was sent: ``target`` is the path and query of the request line."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


class _Request(msgspec.Struct):
    target: str
    method: str = "POST"
    headers: list[tuple[str, str]] = []
    body_base64: bytes = b""


class _Capture(msgspec.Struct):
    requests: list[_Request]


def target_of(url: str) -> str:
    """Return the path and query of ``url``, which may lack the host, or the scheme and host.

    What is not ASCII is escaped, as it would be on the wire.
    """
    url = quote(url.partition("#")[0], safe=_PRINTABLE)
    if url.startswith("/"):
        return url
    rest = url.partition("://")[2] or url
    place = min(place for mark in "/?" if (place := (rest + mark).find(mark)) >= 0)
    target = rest[place:]
    return target if target.startswith("/") else f"/{target}"


def is_recorded(text: bytes) -> bool:
    """Tell whether ``text`` is an object with a request or with ``requests``."""
    start = text.lstrip()[:1]
    return start == b"{" and (b'"body_base64"' in text or b'"requests"' in text)


def read_recorded(text: bytes) -> list[Recorded]:
    """Return the requests of a recording.

    :raises GrowingParamException: when it is not JSON or lacks something; the sentence says what.
    """
    single = b'"requests"' not in text
    try:
        if single:
            found = [msgspec.json.decode(text, type=_Request)]
        else:
            found = msgspec.json.decode(text, type=_Capture).requests
    except msgspec.DecodeError as error:
        raise GrowingParamException(
            f"The recording cannot be read: {error}. It must have target, method, headers "
            "(pairs) and body_base64, or a list of such objects under requests."
        ) from error
    return [
        Recorded(one.method, target_of(one.target), one.headers, one.body_base64) for one in found
    ]
