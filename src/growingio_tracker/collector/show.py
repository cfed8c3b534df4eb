"""Events and requests as the API and the page show them: problems come with their sentences."""

from typing import Any

import msgspec

from growingio_tracker.collector.listing import ListedRequest
from growingio_tracker.collector.problems.problem import explain
from growingio_tracker.collector.rows import Event, Request


def show_event(event: Event) -> dict[str, Any]:
    """Return the JSON object of one event."""
    return {
        **{name: getattr(event, name) for name in _EVENT if name not in ("problems", "raw")},
        "problems": [explain(problem) for problem in event.problems],
        "message": event.raw,
    }


def show_request(request: Request) -> dict[str, Any]:
    """Return the JSON object of one request, its body in base64."""
    return {
        **{name: getattr(request, name) for name in _REQUEST if name not in ("reason", "body")},
        "body_base64": request.body,
        "reason": explain(request.reason) if request.reason else None,
    }


def show_listed(listed: ListedRequest) -> dict[str, Any]:
    """Return the JSON object of one row of a list of requests."""
    shown = show_request(listed.request)
    del shown["body_base64"]
    counts = {"size": listed.size, "events": listed.events, "forward": listed.forward}
    return {**shown, **counts}


_EVENT = [field.name for field in msgspec.structs.fields(Event)]
_REQUEST = [field.name for field in msgspec.structs.fields(Request)]
