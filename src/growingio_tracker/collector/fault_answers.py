"""Sending an answer that is not what it should be."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from growingio_tracker.collector.faults import Fault

HANG_UP: Final = "growingio.hang_up"
"""Where the server leaves, in the scope, the function that closes the connection."""

_TEXT: Final = "This answer is a fault that was asked for (/api/v1/faults).\n"


class FaultyAnswer(Response):
    """The answer to a request that a fault has hit.

    :param fault: what goes wrong.
    :param usual: the answer as it would have been.
    :param headers: what an answer with a status of the fault's own carries.
    """

    def __init__(self, fault: Fault, usual: Response, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._fault = fault
        status = fault.answered(usual.status_code)
        kept = fault.only_delays or fault.drop
        self._answer = usual if kept else _with_status(status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or what there is to be of it."""
        await asyncio.sleep(self._fault.delay_ms / 1000)
        if self._fault.truncate:
            await self._answer(scope, receive, _first_half(send))
        elif not self._fault.drop:
            await self._answer(scope, receive, send)
            return
        await _hang_up(scope, receive)


def _with_status(status: int, headers: Mapping[str, str]) -> Response:
    if status in (204, 205, 304):
        return Response(status_code=status, headers=headers)
    return PlainTextResponse(_TEXT, status, headers)


def _first_half(send: Send) -> Send:
    async def send_half(message: Any) -> None:
        if message["type"] == "http.response.body":
            body: bytes = message["body"]
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half


async def _hang_up(scope: Scope, receive: Receive) -> None:
    close: Callable[[], None] = scope[HANG_UP]
    close()
    # The server takes it for an error when an answer is missing while the connection is open.
    while (await receive())["type"] != "http.disconnect":
        pass
