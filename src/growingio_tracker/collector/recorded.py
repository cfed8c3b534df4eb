"""Requests in the form of recordings: one JSON object each, or a list under ``requests``."""

import string
from typing import Annotated, Final
from urllib.parse import quote

import msgspec

from growingio_tracker.exceptions import GrowingParamException

_PRINTABLE: Final = string.printable.strip()


_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was sent, in the form of ``captures`` and exports.

    ``target`` is the path and query of the request line; ``body`` (``body_base64`` in JSON) what
    came before any decoding; ``received_ms`` the time of receipt in Unix milliseconds, None when
    it is not known.
    """

    target: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = msgspec.field(name="body_base64", default=b"")
    received_ms: _Milliseconds | None = None


class _Recording(msgspec.Struct):
    requests: list[Recorded]


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


def read_recording(content: bytes) -> list[Recorded]:
    """Return the requests of a recording, which has them in a list under ``requests``.

    :raises msgspec.DecodeError: when it is none.
    """
    return msgspec.json.decode(content, type=_Recording).requests


def read_recorded(text: bytes) -> list[Recorded]:
    """Return the requests of a recording that a person may have written: one alone, whole URLs.

    :raises GrowingParamException: when it is not JSON or lacks something; the sentence says what.
    """
    try:
        if b'"requests"' in text:
            found = read_recording(text)
        else:
            found = [msgspec.json.decode(text, type=Recorded)]
    except msgspec.DecodeError as error:
        raise GrowingParamException(
            f"The recording cannot be read: {error}. It must have target, method, headers "
            "(pairs) and body_base64, or a list of such objects under requests."
        ) from error
    return [msgspec.structs.replace(one, target=target_of(one.target)) for one in found]
