"""The answers of the collect paths."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from growingio_tracker.collector.cors import cors_headers, preflight_headers
from growingio_tracker.collector.store import Received
from growingio_tracker.collector.strict import REFUSED, reasons

_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)

NOBODY_TO_ANSWER: Final = 0
"""The status of a request whose client was gone before its end."""


def make_answer(request: Request, received: Received) -> Response:
    """Return what a client gets for ``received``, which has the status."""
    headers = cors_headers(request.headers)
    if request.method == "OPTIONS":
        headers |= preflight_headers(request.headers)
    if received.answered in (204, NOBODY_TO_ANSWER):
        return Response(status_code=204, headers=headers)
    if received.answered == 200:
        return Response(_GIF, media_type="image/gif", headers=headers)
    if received.answered == REFUSED:
        return PlainTextResponse(reasons(received) + "\n", REFUSED, headers)
    sentence = received.reason.sentence if received.reason else ""
    return PlainTextResponse(sentence + "\n", received.answered, headers)
