"""Calls of ``/api/v1`` about the whole store: summaries, muted problems, exports and readiness."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from growingio_collector.api import (
    COUNT,
    JSON,
    OBJECT,
    TEXT,
    Answer,
    AnyCall,
    ApiCall,
    Handler,
    body_as,
    json_answer,
    listed,
    missing,
    record,
    ref,
)
from growingio_collector.api.queries import (
    FilterQuery,
    NoQuery,
    ReadyQuery,
    Schema,
)
from growingio_collector.pages import as_svg
from growingio_collector.receiving.importing import requests_in
from growingio_collector.receiving.receiver import Receiver
from growingio_collector.receiving.recorded import Recorded, receive
from growingio_collector.rules.issue import RULES
from growingio_collector.settings import Info
from growingio_collector.store import EventStore
from growingio_collector.store.exporting import FORMATS
from growingio_collector.store.summary import identities, problems, properties, summary
from growingio_wire.errors import invalid

_MOMENT_S: Final = 0.1
_SVG: Final = "image/svg+xml"
_NDJSON: Final = "application/x-ndjson"
_SHOWN: Final = 40
_CODES: Final = record(codes=listed({"enum": sorted(RULES)}))
_READY: Final = record(ready={"type": "boolean"})

_RECOGNISED: Final = msgspec.Meta(description="Not needed: the format is detected.")
_BY_DEFAULT: Final = msgspec.Meta(description="ndjson by default.")


class _Muted(msgspec.Struct, forbid_unknown_fields=True):
    """Codes of ignored problems."""

    codes: list[str] = []


class _ExportQuery(FilterQuery, frozen=True, kw_only=True):
    """Events to export, and the format."""

    format: Annotated[Literal["ndjson", "csv", "requests"], _BY_DEFAULT] = "ndjson"


class _ImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of an import."""

    format: Annotated[Literal["auto", "ndjson", "csv", "requests"], _RECOGNISED] = "auto"


class _Store:
    """The handlers, over one store; ``writer`` runs one call at a time."""

    def __init__(
        self, store: EventStore, writer: Executor, receiver: Receiver, info: Callable[[], Info]
    ) -> None:
        self._store = store
        self._writer = writer
        self._receiver = receiver
        self._info = info

    def view(self, look: Callable[[Path], Any], key: str | None = None) -> Handler:
        """Return a handler that responds with what ``look`` finds in the store."""

        async def answer(_request: Request, _query: NoQuery) -> Response:
            found = await asyncio.to_thread(look, self._store.path)
            return json_answer(found if key is None else {key: found})

        return answer

    def noted(self, path: Path) -> list[dict[str, Any]]:
        """Return the problems that are not muted."""
        ignored = self._receiver.examiner.ignored
        return [group for group in problems(path) if group["code"] not in ignored]

    async def about(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(self._info())

    async def phone(self, _request: Request, _query: NoQuery) -> Response:
        if page := self._info().network_page:
            return Response(as_svg(page), media_type=_SVG)
        return missing(
            "Only this machine can connect; start with --bind 0.0.0.0.",
            "只有本机可以连接；请以 --bind 0.0.0.0 启动。",
        )

    async def ready(self, _request: Request, query: ReadyQuery) -> Response:
        # A task without work shows that the writer is free; even with 0, allow it a moment.
        turn = asyncio.get_running_loop().run_in_executor(self._writer, lambda: None)
        done, _ = await asyncio.wait([turn], timeout=max(query.wait, _MOMENT_S))
        is_ready = bool(done) and not self._store.closing
        return json_answer({"ready": is_ready}, 200 if is_ready else 503)

    async def muted(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer({"codes": sorted(self._receiver.examiner.ignored)})

    async def mute(self, request: Request, query: NoQuery) -> Response:
        codes = (await body_as(request, _Muted)).codes
        for code in codes:
            if code not in RULES:
                raise invalid(
                    f"Unknown problem code {code[:_SHOWN]!r}.",
                    f"未知的问题代码 {code[:_SHOWN]!r}。",
                )
        self._receiver.examiner.ignored = frozenset(codes)
        await asyncio.to_thread(self._store.judge_anew, self._receiver.examiner.ignored)
        return await self.muted(request, query)

    async def export(self, _request: Request, query: _ExportQuery) -> Response:
        write, media_type = FORMATS[query.format]
        ending = "json" if query.format == "requests" else query.format
        name = f"growingio-{query.format}.{ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        content = write(self._store.path, query.filter)
        return StreamingResponse(content, headers=headers, media_type=media_type)

    async def import_(self, request: Request, _query: _ImportQuery) -> Response:
        counts = {"requests": 0, "events": 0}
        async for group in requests_in(request.stream()):
            await asyncio.to_thread(self._take, group, counts)
        return json_answer(counts)

    def _take(self, group: Iterable[Recorded], counts: dict[str, int]) -> None:
        for recorded in group:
            received = receive(recorded, self._receiver)
            counts["requests"] += 1
            counts["events"] += len(received.messages)


def calls(
    store: EventStore, writer: Executor, receiver: Receiver, info: Callable[[], Info]
) -> list[AnyCall]:
    """Return the calls below ``/api/v1``; ``writer`` runs one call at a time."""
    whole = _Store(store, writer, receiver, info)
    return [*_views(whole), *_muting(whole), *_collector(whole), *_transfer(whole)]


def _view(path: str, summary: str, schema: Schema, handler: Handler) -> AnyCall:
    return ApiCall(
        method="get",
        path=path,
        summary=summary,
        answers={200: Answer("As of now.", schema)},
        handler=handler,
        query=NoQuery,
    )


_GROUPS: Final[tuple[tuple[str, str, str, str, Callable[[Path], Any]], ...]] = (
    ("/properties", "Attributes with their types by client.", "properties", "Property", properties),
    ("/identities", "Users and devices that belong together.", "groups", "Group", identities),
)
"""Path, summary, key, schema and query of each list."""


def _views(whole: _Store) -> list[AnyCall]:
    noted = ("/problems", "Problems by code and path, the bad first.", "problems", "ProblemGroup")
    return [
        _view("/summary", "Totals, also by name and client.", ref("Summary"), whole.view(summary)),
        *(
            _view(path, about, record(**{key: listed(ref(schema))}), whole.view(look, key))
            for path, about, key, schema, look in ((*noted, whole.noted), *_GROUPS)
        ),
    ]


def _muting(whole: _Store) -> list[AnyCall]:
    return [
        _view("/muted", "Codes of ignored problems.", _CODES, whole.muted),
        ApiCall(
            method="put",
            path="/muted",
            summary="Ignore problems with these codes only.",
            answers={200: Answer("The codes.", _CODES)},
            handler=whole.mute,
            query=NoQuery,
            body={JSON: {**_CODES, "required": [], "additionalProperties": False}},
            guarded=True,
        ),
    ]


def _collector(whole: _Store) -> list[AnyCall]:
    return [
        _view("/info", "Facts about this collector.", ref("Info"), whole.about),
        ApiCall(
            method="get",
            path="/phone.svg",
            summary="The QR code of the page's address for phones in the same network.",
            answers={
                200: Answer("A picture.", None, (_SVG,)),
                404: Answer("Only this machine can connect.", ref("Error")),
            },
            handler=whole.phone,
            query=NoQuery,
        ),
        ApiCall(
            method="get",
            path="/ready",
            summary="Whether the collector stores requests immediately.",
            answers={200: Answer("It does.", _READY), 503: Answer("Not in time.", _READY)},
            handler=whole.ready,
            query=ReadyQuery,
        ),
    ]


def _transfer(whole: _Store) -> list[AnyCall]:
    return [
        ApiCall(
            method="get",
            path="/export",
            summary="Matching events or requests, oldest first, as text.",
            answers={200: Answer("Streamed.", None, (_NDJSON, "text/csv", JSON))},
            handler=whole.export,
            query=_ExportQuery,
        ),
        ApiCall(
            method="post",
            path="/import",
            summary="Receive the requests of an export, a recording or a curl command again.",
            answers={200: Answer("How many were received.", record(requests=COUNT, events=COUNT))},
            handler=whole.import_,
            query=_ImportQuery,
            body={_NDJSON: TEXT, "text/csv": TEXT, JSON: OBJECT},
            guarded=True,
        ),
    ]
