"""The part of ASGI in which a server tells an application that it starts and ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

_log: Final = logging.getLogger(__name__)


def with_shutdown(app: _App, close: Callable[[], Awaitable[object]]) -> _App:
    """Return an application that awaits ``close`` when ``app`` has been shut down.

    An application that takes no part in the protocol, as Django does, is spared it.
    """

    async def run(scope: _Message, receive: _Receive, send: _Send) -> None:
        has_spoken = False

        async def closing(message: _Message) -> None:
            nonlocal has_spoken
            has_spoken = True
            if message["type"].startswith("lifespan.shutdown."):
                await close()
            await send(message)

        try:
            await app(scope, receive, closing)
        except Exception:
            if has_spoken:
                raise
            _log.debug("the application takes no part in the lifespan", exc_info=True)
        if not has_spoken:
            await _answer(receive, closing)

    return run


async def _answer(receive: _Receive, send: _Send) -> None:
    """Take part in the protocol in the place of an application that does not."""
    message: _Message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
