"""HTTP client. Its interface is one exchange: request in, response out.

A transport knows nothing about messages and never retries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol, TypeAlias

from msgspec import Struct, field

from growingio_wire.endpoints import shown_address
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.said import Said

_ADDRESS: Final = r"[\x21-\x7e\x80-\xff]*"
_HEADER: Final = r"[\t\x20-\x7e\x80-\xff]*"


class Request(Struct, frozen=True):
    """One request.

    :param url: the whole address with its query. Everything after the host is sent unchanged.
    :param headers: the headers that the format sets for the body.
    :param timeout_s: maximum seconds for the whole exchange; finite.
    :param meanwhile: work to do while the response is awaited; ``None`` is nothing. A transport may
        ignore it, and calls it at most once for each time that it sends the request.
    :raises GrowingParamException: if address or headers contain line breaks.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float
    method: str = "POST"
    meanwhile: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        if " " in self.url or not _holds_only(_ADDRESS, self.url):
            raise _not_sendable(_ADDRESS_SAID, "url")
        for name, value in self.headers.items():
            if not (_holds_only(_HEADER, name) and _holds_only(_HEADER, value)):
                raise _not_sendable(_HEADER_SAID, "headers")

    @property
    def address(self) -> str:
        """Address for errors and logs: without the query, and with the project id masked."""
        return shown_address(self.url)


def _holds_only(characters: str, text: str) -> bool:
    # All that is printable in ASCII may be sent, so that hardly any text needs the expression.
    return (text.isascii() and text.isprintable()) or bool(re.fullmatch(characters, text))


_ADDRESS_SAID: Final = Said("the address of a request", "请求地址")
_HEADER_SAID: Final = Said("a header of a request", "请求头")


def _not_sendable(what: Said, argument: str) -> GrowingParamException:
    # Without the text itself, which may contain tracked data or a password.
    return invalid(
        f"{what.en} must not hold line breaks, control characters or characters beyond Latin-1",
        f"{what.zh}不能含有换行、控制字符或 Latin-1 以外的字符",
        argument,
        code="not_sendable",
    )


class ExchangeError(OSError):
    """An exchange failed for a reason that the system has no message for."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


class Response(Struct, frozen=True):
    """Response of the server.

    :param headers: names are in lower case; values of repeated headers are joined.
    :param body: the beginning of the body, limited by the transport.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class Transport(Protocol):
    """Exchanges one request for one response. Must be usable from several threads."""

    def exchange(self, request: Request) -> Response:
        """Return the response, regardless of its status.

        :raises TransportError: if there was no response.
        """
        ...

    def close(self) -> None:
        """Close the connections. The transport may be used again afterwards."""
        ...


Forbid: TypeAlias = Callable[[Request], None]
"""Called before each request, in the requesting thread; raises to prevent the request."""

guards: Final[list[Forbid]] = []
"""Hooks called before each HTTP request; empty except in tests."""


@contextmanager
def guarded(forbid: Forbid) -> Generator[None, None, None]:
    """Call ``forbid`` before every request of the process inside the block."""
    guards.append(forbid)
    try:
        yield
    finally:
        guards.remove(forbid)
