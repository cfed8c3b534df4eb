"""Calls of ``/api/v1/plan``: the tracking plan, its report, and a first draft."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from growingio_collector.api import (
    JSON,
    OBJECT,
    TEXT,
    Answer,
    AnyCall,
    ApiCall,
    Handler,
    body_up_to,
    json_answer,
    missing,
    ref,
    show_error,
)
from growingio_collector.api.queries import NoQuery, Schema
from growingio_collector.plan import Plans
from growingio_collector.plan.draft import draft
from growingio_collector.plan.report import make_report
from growingio_collector.plan.report_formats import MEDIA_TYPES, REPORTS
from growingio_collector.store import EventStore
from growingio_wire.errors import GrowingParamException
from growingio_wire.plan.reading import CSV, MAX_PLAN_BYTES, YAML, Loaded, plan_schema
from growingio_wire.plan.source import Defect, PlanError
from growingio_wire.said import Said

_NO_PLAN: Final = Said(
    "There is no plan yet. Send one with PUT /api/v1/plan, or start with --plan FILE.",
    "还没有埋点方案。请用 PUT /api/v1/plan 提交，或以 --plan FILE 启动。",
)
_FORMATS: Final = {
    "text/csv": CSV,
    "application/yaml": YAML,
    "application/x-yaml": YAML,
    "text/yaml": YAML,
    "text/x-yaml": YAML,
}
"""Content types that name a format. With any other, the content decides."""


def _show(loaded: Loaded | None) -> dict[str, Any]:
    if loaded is None:
        return {"plan": None, "text": None, "format": None, "notes": []}
    return {
        "plan": loaded.plan,
        "text": loaded.text,
        "format": loaded.format,
        "notes": _show_defects(loaded.notes),
    }


def _show_error(error: GrowingParamException) -> dict[str, Any]:
    defects = error.defects if isinstance(error, PlanError) else ()
    return {**show_error(error.said), "defects": _show_defects(defects)}


def _show_defects(defects: Iterable[Defect]) -> list[dict[str, Any]]:
    return [
        {
            "code": defect.code,
            "line": defect.line,
            "field": defect.field,
            "sentence": defect.said.en,
            "sentence_zh": defect.said.zh,
        }
        for defect in defects
    ]


class _ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Format of a report."""

    format: Annotated[
        Literal["json", "junit", "text"], msgspec.Meta(description="json by default.")
    ] = "json"


class _Plan:
    """The handlers."""

    def __init__(self, store: EventStore, plans: Plans) -> None:
        self._store = store
        self._plans = plans

    async def get(self, _request: Request, _query: NoQuery) -> Response:
        loaded = await asyncio.to_thread(self._plans.current)
        error = self._plans.error
        file = str(self._plans.file) if self._plans.file else None
        shown = _show_error(error) if error else None
        return json_answer({**_show(loaded), "file": file, "wrong": shown})

    async def put(self, request: Request, _query: NoQuery) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        content = await body_up_to(request, MAX_PLAN_BYTES)
        try:
            loaded = await asyncio.to_thread(self._plans.put, content, _FORMATS.get(content_type))
        except GrowingParamException as error:
            return json_answer(_show_error(error), 400 if isinstance(error, PlanError) else 409)
        return json_answer(_show(loaded))

    async def delete(self, _request: Request, _query: NoQuery) -> Response:
        try:
            await asyncio.to_thread(self._plans.remove)
        except GrowingParamException as error:
            return json_answer(_show_error(error), 409)
        return json_answer(_show(None))

    async def report(self, _request: Request, query: _ReportQuery) -> Response:
        loaded = await asyncio.to_thread(self._plans.current)
        if loaded is None:
            return missing(*_NO_PLAN)
        report = await asyncio.to_thread(make_report, self._store.path, loaded.plan)
        return Response(REPORTS[query.format](report), media_type=MEDIA_TYPES[query.format])

    async def draft(self, _request: Request, _query: NoQuery) -> Response:
        text = await asyncio.to_thread(draft, self._store.path)
        return Response(text, media_type="application/yaml; charset=utf-8")

    async def schema(self, _request: Request, _query: NoQuery) -> Response:
        return Response(plan_schema(), media_type="application/schema+json")


_PLAN: Final = {200: Answer("The plan in use; null if there is none.", OBJECT)}
_IN_A_FILE: Final = {409: Answer("The plan is a file, which cannot be changed here.", ref("Error"))}
_REPORT: Final = {
    200: Answer("The report.", None, (JSON, "application/xml", "text/plain")),
    404: Answer(_NO_PLAN.en, ref("Error")),
}
_DRAFT: Final = {200: Answer("YAML.", None, ("application/yaml",))}
_SCHEMA: Final = {200: Answer("For editors.", None, ("application/schema+json",))}
_TAKEN: Final = {"application/yaml": TEXT, "text/csv": TEXT}


def calls(store: EventStore, plans: Plans) -> list[AnyCall]:
    """Return the calls below ``/api/v1``."""
    plan = _Plan(store, plans)
    changed = {**_PLAN, **_IN_A_FILE}
    return [
        _call("get", "/plan", "The tracking plan.", _PLAN, plan.get),
        _call("put", "/plan", "Use this plan.", changed, plan.put, _TAKEN),
        _call("delete", "/plan", "Use no plan.", changed, plan.delete),
        ApiCall(
            method="get",
            path="/plan/report",
            summary="Comparison of everything stored with the plan.",
            answers=_REPORT,
            handler=plan.report,
            query=_ReportQuery,
        ),
        _call(
            "post",
            "/plan/draft",
            "A draft of a plan, made from what was received; it is not put into use.",
            _DRAFT,
            plan.draft,
        ),
        _call("get", "/plan/schema", "The JSON Schema of a plan.", _SCHEMA, plan.schema),
    ]


def _call(
    method: str,
    path: str,
    summary: str,
    answers: Mapping[int, Answer],
    handler: Handler,
    body: Mapping[str, Schema] | None = None,
) -> AnyCall:
    return ApiCall(
        method=method,
        path=path,
        summary=summary,
        answers=answers,
        handler=handler,
        query=NoQuery,
        body=body,
        guarded=method in ("put", "delete"),
    )
