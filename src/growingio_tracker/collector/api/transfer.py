"""``/api/v1``: taking the store's content out, and in again."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Executor
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.bodies import body_up_to
from growingio_tracker.collector.api.common import WrongParameterError, guarded, json_answer
from growingio_tracker.collector.api.describe import (
    COUNT,
    GUARD,
    JSON,
    TEXT,
    Answer,
    Operation,
    record,
)
from growingio_tracker.collector.api.describe import (
    query as described,
)
from growingio_tracker.collector.api.parameters import (
    DESCRIBED_FILTERS,
    DESCRIBED_KIND,
    one_of,
    only_known,
    read_filter,
)
from growingio_tracker.collector.decode.limits import MAX_BODY_BYTES
from growingio_tracker.collector.exporting import FORMATS
from growingio_tracker.collector.importing import (
    Line,
    read_line,
    receive,
    requests_of,
)
from growingio_tracker.collector.receive import Receiver
from growingio_tracker.collector.recorded import Recorded, read_recording
from growingio_tracker.collector.store import Store

IMPORTED: Final = ("ndjson", "requests")
MAX_RECORDING_BYTES: Final = 100_000_000
"""A recording is one JSON object, which is read whole; lines are read one by one."""

_MAX_LINE_BYTES: Final = 2 * MAX_BODY_BYTES
_LINES_AT_ONCE: Final = 500
_DEFAULT_FORMAT: Final = "ndjson"


class _Transfer:
    """The handlers, over one store; ``writer`` runs one call at a time."""

    def __init__(self, store: Store, writer: Executor, receiver: Receiver) -> None:
        self._store = store
        self._writer = writer
        self._receiver = receiver

    async def export(self, request: Request) -> Response:
        """``GET /export?format=ndjson|csv|requests`` and the filters of events: oldest first."""
        query = request.query_params
        wanted = read_filter(query, "format")
        name = one_of(query, "format", tuple(FORMATS)) or _DEFAULT_FORMAT
        write, media_type = FORMATS[name]
        ending = "json" if name == "requests" else name
        headers = {"Content-Disposition": f'attachment; filename="growingio-{name}.{ending}"'}
        return StreamingResponse(
            write(self._store.path, wanted), headers=headers, media_type=media_type
        )

    async def import_(self, request: Request) -> Response:
        """``POST /import?format=ndjson|requests``: receive what an export holds once more."""
        query = request.query_params
        only_known(query, ("format",))
        name = one_of(query, "format", IMPORTED) or _DEFAULT_FORMAT
        counts = {"requests": 0, "events": 0}
        groups = _recording(request) if name == "requests" else _lines(request)
        async for group in groups:
            await asyncio.get_running_loop().run_in_executor(
                self._writer, self._take, group, counts
            )
        return json_answer(counts)

    def _take(self, group: Iterable[Recorded], counts: dict[str, int]) -> None:
        for recorded in group:
            received = receive(recorded, self._receiver)
            counts["requests"] += 1
            counts["events"] += len(received.findings)


async def _recording(request: Request) -> AsyncIterator[Iterable[Recorded]]:
    content = await body_up_to(request, MAX_RECORDING_BYTES)
    if len(content) > MAX_RECORDING_BYTES:
        raise WrongParameterError(f"The body is over {MAX_RECORDING_BYTES:,} bytes; split it.")
    try:
        yield read_recording(content)
    except msgspec.MsgspecError as error:
        raise WrongParameterError(f"The body is no recording of requests: {error}.") from error


async def _lines(request: Request) -> AsyncIterator[Iterable[Recorded]]:
    number, size = 0, 0
    waiting: list[Line] = []
    async for text in _split(request):
        number += 1
        try:
            waiting += _events_of(text, number)
        except WrongParameterError:
            yield requests_of(waiting)
            raise
        size += len(text)
        if len(waiting) == _LINES_AT_ONCE or size > MAX_BODY_BYTES:
            yield requests_of(waiting)
            waiting, size = [], 0
    yield requests_of(waiting)


async def _split(request: Request) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in request.stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > _MAX_LINE_BYTES:
            raise WrongParameterError(f"A line is over {_MAX_LINE_BYTES:,} bytes.")
    yield rest


def _events_of(text: bytes, number: int) -> list[Line]:
    try:
        line = read_line(text) if text.strip() else None
    except msgspec.MsgspecError as error:
        raise WrongParameterError(
            f"Line {number} is no event ({error}). The lines before it are imported."
        ) from error
    return [line] if line else []


_NDJSON: Final = "application/x-ndjson"

OPERATIONS: Final = (
    Operation(
        "get",
        "/export",
        "What matches, oldest first, as text.",
        {200: Answer("Streamed.", None, (_NDJSON, "text/csv", JSON))},
        (
            *DESCRIBED_FILTERS,
            DESCRIBED_KIND,
            described("format", {"enum": list(FORMATS)}, "ndjson by default."),
        ),
    ),
    Operation(
        "post",
        "/import",
        "Receive what an export, or a recording of a client, holds once more.",
        {200: Answer("How much came in.", record(requests=COUNT, events=COUNT))},
        (described("format", {"enum": list(IMPORTED)}, "ndjson by default."), GUARD),
        {_NDJSON: TEXT, JSON: {"type": "object"}},
    ),
)


def routes(store: Store, writer: Executor, receiver: Receiver) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    transfer = _Transfer(store, writer, receiver)
    return [
        Route("/export", transfer.export, methods=["GET"]),
        Route("/import", guarded(transfer.import_), methods=["POST"]),
    ]
