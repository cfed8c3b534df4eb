"""Which headers of a request go on to the next server."""

from collections.abc import Iterable
from typing import Final

from urllib3 import HTTPHeaderDict
from urllib3.util import SKIP_HEADER

_OF_ONE_CONNECTION: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_MADE_ANEW: Final = frozenset({"host", "content-length"})

_NOT_ADDED: Final = ("accept-encoding", "user-agent")
"""What urllib3 would add on its own; a client that sends none is to be seen sending none."""


def going_on(headers: Iterable[tuple[str, str]]) -> HTTPHeaderDict:
    """Return what is to be sent of ``headers``: all but Host and those of one connection."""
    came = [(name.lower(), value) for name, value in headers]
    named = ",".join(value for name, value in came if name == "connection").lower().split(",")
    left_out = _OF_ONE_CONNECTION | _MADE_ANEW | {name.strip() for name in named}
    result = HTTPHeaderDict()
    for name, value in came:
        if name not in left_out:
            result.add(name, value)
    for name in _NOT_ADDED:
        result.setdefault(name, SKIP_HEADER)
    return result
