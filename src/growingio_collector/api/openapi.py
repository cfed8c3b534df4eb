"""OpenAPI description at ``/api/v1/openapi.json``, derived from the calls and their types."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from growingio_collector.api import (
    COUNT,
    OBJECT,
    TEXT,
    Answer,
    AnyCall,
    ApiCall,
    json_answer,
    listed,
    nullable,
    record,
    ref,
)
from growingio_collector.api.queries import NoQuery, Schema
from growingio_collector.receiving.experiments import LayerAnswer
from growingio_collector.rules.issue import BAD, OK, WARN, Explained
from growingio_collector.settings import Info
from growingio_collector.store.rows import Event, StoredRequest
from growingio_wire import VERSION

_ABOUT: Final = (
    "What the local collector received, and the problems it found. Times are Unix "
    "milliseconds. Unknown parameters are rejected."
)


def with_description(calls: Iterable[AnyCall]) -> list[AnyCall]:
    """Return ``calls``, and one more that returns their description."""
    described = list(calls)

    async def description(_request: Request, _query: NoQuery) -> Response:
        return json_answer(document(described))

    described.append(
        ApiCall(
            method="get",
            path="/openapi.json",
            summary="This description.",
            answers={200: Answer("OpenAPI 3.1.", OBJECT)},
            handler=description,
            query=NoQuery,
        )
    )
    return described


def document(calls: Iterable[AnyCall]) -> dict[str, Any]:
    """Return the OpenAPI document that describes ``calls``."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method] = call.described()
    return {
        "openapi": "3.1.0",
        "info": {"title": "GrowingIO collector", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


_COUNTS: Final[dict[str, Schema]] = {OK: COUNT, WARN: COUNT, BAD: COUNT}
_SPAN: Final[dict[str, Schema]] = {"first_ms": COUNT, "last_ms": COUNT}
_TOTALS: Final = record(requests=COUNT, **_COUNTS)
_ONE_TYPE: Final = record(type=TEXT, client=TEXT, events=COUNT)
_PROBLEM_GROUP: Final = record(
    **dict.fromkeys(("code", "level", "path", "headline", "headline_zh"), TEXT),
    **dict.fromkeys(("sentence", "fix", "sentence_zh", "fix_zh"), TEXT),
    events=COUNT,
    clients=listed(TEXT),
    names=listed(TEXT),
    last_ms=COUNT,
    last_event=COUNT,
)


def _shown() -> dict[str, Any]:
    """Return the schemas of the rows, with their problems as they are shown."""
    _, named = msgspec.json.schema_components(
        (Event, StoredRequest, Explained, Info, LayerAnswer),
        ref_template="#/components/schemas/{name}",
    )
    named["Event"]["properties"]["problems"] = listed(ref("Explained"))
    named["StoredRequest"]["properties"]["reason"] = nullable(ref("Explained"))
    del named["Issue"]
    for name in ("Event", "StoredRequest"):
        # Responses always contain all fields, including those with defaults.
        named[name]["required"] = list(named[name]["properties"])
    return named


def _listed_request(request: dict[str, Any]) -> Schema:
    own = {name: one for name, one in request["properties"].items() if name != "body_base64"}
    forward = nullable({"type": "object"})
    return record(**own, size=COUNT, events=record(**_COUNTS), forward=forward)


def _schemas() -> dict[str, Any]:
    """Return every named schema."""
    shown = _shown()
    return {
        **shown,
        "ListedRequest": _listed_request(shown["StoredRequest"]),
        "Error": record(error=TEXT, error_zh=TEXT),
        "Events": record(events=listed(ref("Event")), total=COUNT, last=COUNT),
        "Cause": record(**dict.fromkeys(("found", "next", "found_zh", "next_zh"), TEXT)),
        "Miss": record(event=ref("Event"), why=listed(TEXT), why_zh=listed(TEXT)),
        "Summary": record(
            received=_TOTALS,
            stored=_TOTALS,
            duplicates=COUNT,
            names=listed(record(kind=TEXT, name=TEXT, **_COUNTS, **_SPAN)),
            clients=listed(record(client=TEXT, **_COUNTS, **_SPAN)),
        ),
        "ProblemGroup": _PROBLEM_GROUP,
        "Property": record(
            kind=TEXT, name=TEXT, key=TEXT, types=listed(_ONE_TYPE), conflict={"type": "boolean"}
        ),
        "Group": record(
            **dict.fromkeys(("users", "devices", "user_keys"), listed(TEXT)),
            events=COUNT,
            joined_by=listed(COUNT),
            **_SPAN,
        ),
    }
