"""``/api/v1/plan``: the tracking plan, its report, and a first draft of one."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.bodies import body_up_to
from growingio_tracker.collector.api.common import WrongParameterError, guarded, json_answer, route
from growingio_tracker.collector.api.describe import GUARD, JSON, TEXT, Answer, Operation, ref
from growingio_tracker.collector.api.describe import query as described
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.plan.defects import Defect, PlanError
from growingio_tracker.collector.plan.draft import draft
from growingio_tracker.collector.plan.load import CSV, MAX_PLAN_BYTES, SCHEMA_FILE, YAML, Loaded
from growingio_tracker.collector.plan.plans import Plans
from growingio_tracker.collector.plan.report import make_report
from growingio_tracker.collector.plan.written import MEDIA_TYPES, REPORTS
from growingio_tracker.collector.store import Store
from growingio_tracker.exceptions import GrowingParamException

_NO_PLAN: Final = "There is no plan yet. Send one with PUT /api/v1/plan, or start with --plan FILE."
_FORMATS: Final = {
    "text/csv": CSV,
    "application/yaml": YAML,
    "application/x-yaml": YAML,
    "text/yaml": YAML,
    "text/x-yaml": YAML,
}
"""Content types that name a format. Any other says nothing, and the content is looked at."""


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
    return {"error": str(error), "defects": _show_defects(defects)}


def _show_defects(defects: Iterable[Defect]) -> list[dict[str, Any]]:
    return [
        {
            "code": defect.code,
            "line": defect.line,
            "field": defect.field,
            "sentence": defect.sentence,
            "sentence_zh": defect.sentence_zh,
        }
        for defect in defects
    ]


class _Plan:
    """The handlers."""

    def __init__(self, store: Store, plans: Plans) -> None:
        self._store = store
        self._plans = plans

    async def get(self, request: Request) -> Response:
        """``GET /plan``: the plan in use, its text, and why a changed file is not in use."""
        only_known(request.query_params, ())
        loaded = await asyncio.to_thread(self._plans.current)
        error = self._plans.error
        file = str(self._plans.file) if self._plans.file else None
        shown = _show_error(error) if error else None
        return json_answer({**_show(loaded), "file": file, "wrong": shown})

    async def put(self, request: Request) -> Response:
        """``PUT /plan``: use the YAML or CSV in the body; 400 names every defect."""
        only_known(request.query_params, ())
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        content = await body_up_to(request, MAX_PLAN_BYTES)
        try:
            loaded = await asyncio.to_thread(self._plans.put, content, _FORMATS.get(content_type))
        except GrowingParamException as error:
            return json_answer(_show_error(error), 400 if isinstance(error, PlanError) else 409)
        return json_answer(_show(loaded))

    async def delete(self, request: Request) -> Response:
        """``DELETE /plan``: use no plan any more."""
        only_known(request.query_params, ())
        try:
            await asyncio.to_thread(self._plans.remove)
        except GrowingParamException as error:
            return json_answer(_show_error(error), 409)
        return json_answer(_show(None))

    async def report(self, request: Request) -> Response:
        """``GET /plan/report?format=json``: what is stored against the plan; junit and text too."""
        only_known(request.query_params, ("format",))
        format_ = request.query_params.get("format", "json")
        if format_ not in REPORTS:
            raise WrongParameterError(f"format is one of {', '.join(REPORTS)}.")
        loaded = await asyncio.to_thread(self._plans.current)
        if loaded is None:
            return json_answer({"error": _NO_PLAN}, 404)
        report = await asyncio.to_thread(make_report, self._store.path, loaded.plan)
        return Response(REPORTS[format_](report), media_type=MEDIA_TYPES[format_])

    async def draft(self, request: Request) -> Response:
        """``POST /plan/draft``: a plan in YAML made from what was seen. It is not put in use."""
        only_known(request.query_params, ())
        text = await asyncio.to_thread(draft, self._store.path)
        return Response(text, media_type="application/yaml; charset=utf-8")

    async def schema(self, request: Request) -> Response:
        """``GET /plan/schema``: the JSON Schema of a plan, for editors."""
        only_known(request.query_params, ())
        return Response(SCHEMA_FILE.read_bytes(), media_type="application/schema+json")


_PLAN: Final = {200: Answer("The plan in use, null for none.", {"type": "object"})}
_IN_A_FILE: Final = {409: Answer("The plan is a file, which is not changed here.", ref("Error"))}

OPERATIONS: Final = (
    Operation("get", "/plan", "The tracking plan.", _PLAN),
    Operation(
        "put",
        "/plan",
        "Use this plan.",
        {**_PLAN, **_IN_A_FILE},
        (GUARD,),
        {"application/yaml": TEXT, "text/csv": TEXT},
    ),
    Operation("delete", "/plan", "Use no plan.", {**_PLAN, **_IN_A_FILE}, (GUARD,)),
    Operation(
        "get",
        "/plan/report",
        "What is stored against the plan.",
        {
            200: Answer("The report.", None, (JSON, "application/xml", "text/plain")),
            404: Answer(_NO_PLAN, ref("Error")),
        },
        (described("format", {"enum": list(REPORTS)}, "json by default."),),
    ),
    Operation(
        "post",
        "/plan/draft",
        "A plan made of what was seen; it is not put in use.",
        {200: Answer("YAML.", None, ("application/yaml",))},
    ),
    Operation(
        "get",
        "/plan/schema",
        "The JSON Schema of a plan.",
        {200: Answer("For editors.", None, ("application/schema+json",))},
    ),
)


def routes(store: Store, plans: Plans) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    plan = _Plan(store, plans)
    return [
        route("/plan", GET=plan.get, PUT=guarded(plan.put), DELETE=guarded(plan.delete)),
        Route("/plan/report", plan.report, methods=["GET"]),
        Route("/plan/draft", plan.draft, methods=["POST"]),
        Route("/plan/schema", plan.schema, methods=["GET"]),
    ]
