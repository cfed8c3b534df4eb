"""A stored request as a curl command for a POSIX shell."""

import base64
import re
import shlex
from collections.abc import Iterator
from typing import Final

from growingio_tracker.collector.rows import Request

_OF_THE_CONNECTION: Final = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "expect", "accept-encoding"}
)
_ADDED_BY_CURL: Final = ("accept", "content-type", "user-agent")

# A stranger's header must not become an option's file name (@) or break the line.
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRINTABLE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


def curl_command(request: Request, url: str) -> str:
    """Return the command that sends ``request`` to ``url`` (scheme, host and port) again.

    Text goes into the command line; anything else comes out of ``base64 -d``.
    """
    words = ["curl", "--globoff", "--path-as-is", "-X", request.method, *_headers(request)]
    address = [url + request.target]
    if not request.body:
        return shlex.join(words + address)
    text = _as_text(request.body)
    if text is not None:
        return shlex.join([*words, "--data-raw", text, *address])
    encoded = base64.b64encode(request.body).decode()
    sending = shlex.join([*words, "--data-binary", "@-", *address])
    return f"printf %s {encoded} | base64 -d | {sending}"


def _headers(request: Request) -> Iterator[str]:
    given: set[str] = set()
    for name, value in request.headers:
        if name.lower() in _OF_THE_CONNECTION or not _NAME.fullmatch(name):
            continue
        if value and not _PRINTABLE.fullmatch(value):
            continue
        given.add(name.lower())
        yield from ("-H", f"{name}: {value}" if value else f"{name};")
    for name in _ADDED_BY_CURL:
        if name not in given:
            yield from ("-H", f"{name}:")


def _as_text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if _PRINTABLE.fullmatch(text) else None
