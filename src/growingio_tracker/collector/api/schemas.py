"""The named schemas of the API, made of the types that it shows."""

from typing import Any, Final

import msgspec

from growingio_tracker.collector.api.describe import (
    COUNT,
    TEXT,
    Schema,
    listed,
    nullable,
    record,
    ref,
)
from growingio_tracker.collector.experiments import LayerAnswer
from growingio_tracker.collector.info import Info
from growingio_tracker.collector.problems.problem import Explained
from growingio_tracker.collector.problems.text import BAD, OK, WARN
from growingio_tracker.collector.rows import Event, Request

_COUNTS: Final[dict[str, Schema]] = {OK: COUNT, WARN: COUNT, BAD: COUNT}
_SPAN: Final[dict[str, Schema]] = {"first_ms": COUNT, "last_ms": COUNT}
_TOTALS: Final = record(requests=COUNT, **_COUNTS)
_ONE_TYPE: Final = record(type=TEXT, client=TEXT, events=COUNT)
_PROBLEM_GROUP: Final = record(
    **dict.fromkeys(("code", "level", "sentence", "fix", "sentence_zh", "fix_zh"), TEXT),
    events=COUNT,
    clients=listed(TEXT),
    names=listed(TEXT),
    last_ms=COUNT,
    last_event=COUNT,
)


def _shown() -> dict[str, Any]:
    """Return the schemas of the rows, with their problems as they are shown."""
    _, named = msgspec.json.schema_components(
        (Event, Request, Explained, Info, LayerAnswer), ref_template="#/components/schemas/{name}"
    )
    named["Event"]["properties"]["problems"] = listed(ref("Explained"))
    named["Request"]["properties"]["reason"] = nullable(ref("Explained"))
    del named["Problem"]
    for name in ("Event", "Request"):
        # What is shown has all of them, also those that the type fills in.
        named[name]["required"] = list(named[name]["properties"])
    return named


def _listed_request(request: dict[str, Any]) -> Schema:
    own = {name: one for name, one in request["properties"].items() if name != "body_base64"}
    forward = nullable({"type": "object"})
    return record(**own, size=COUNT, events=record(**_COUNTS), forward=forward)


def schemas() -> dict[str, Any]:
    """Return every named schema."""
    shown = _shown()
    return {
        **shown,
        "ListedRequest": _listed_request(shown["Request"]),
        "Error": record(error=TEXT),
        "Events": record(events=listed(ref("Event")), total=COUNT),
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
