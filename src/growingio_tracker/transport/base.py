"""What the engine asks of a transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field


class Request(Struct, frozen=True):
    """One POST.

    :param url: the whole address with its query.
    :param headers: what the format says about the body.
    :param timeout_s: seconds to connect, and again seconds to wait for each read; finite.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float


class Response(Struct, frozen=True):
    """What the server answered.

    :param headers: with names in lower case.
    :param body: the beginning of the body, bounded by the transport.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class Transport(Protocol):
    """Exchanges one request for one response. Must be usable from several threads."""

    def exchange(self, request: Request) -> Response:
        """Return the answer, whatever its status.

        :raises TransportError: when no answer came.
        """
        ...

    def close(self) -> None:
        """Let go of connections. The transport may be used again afterwards."""
        ...
