"""The description of the API against the running API."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
import urllib3
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.routing import Route

from growingio_tracker.collector import Collector
from growingio_tracker.collector.api.openapi import OPERATIONS, document
from growingio_tracker.collector.app import api_routes

EVENTS = [
    {"eventType": "CUSTOM", "eventName": "pay", "timestamp": 1, "userId": 7, "deviceId": "d"},
    {"eventType": "VISIT", "attributes": [1]},
    3,
]


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Run a collector that has received something."""
    with Collector() as collector:
        for path in ("/v3/projects/p/collect?stm=1", "/v3/projects/p/colect"):
            body = json.dumps(EVENTS).encode()
            urllib3.request("POST", collector.url + path, body=body, retries=False)
        yield f"{collector.url}/api/v1"


# A stream never ends, and a replay would go to whatever server is made up.
api = schemathesis.openapi.from_dict(document(OPERATIONS)).exclude(
    path=["/stream", "/requests/{id}/replay"]
)


EXCLUDED: Final[dict[str, list[Any]]] = {
    # What a plan and a fault may be is more than a schema says here.
    "/plan": [positive_data_acceptance, negative_data_rejection],
    "/faults": [positive_data_acceptance],
    # Nothing is forwarded here.
    "/forward/replay": [positive_data_acceptance],
    # Waiting in vain, and not being ready, are answers.
    "/wait": [positive_data_acceptance],
    "/ready": [not_a_server_error],
    # That a body is no recording cannot be described by a schema.
    "/import": [positive_data_acceptance],
}


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Send any text as lines."""
    return str(value).encode()


@api.parametrize()
@settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_as_described(case: "schemathesis.Case[Any]", base_url: str) -> None:
    """Whatever is asked, the answer has a described status, media type and schema."""
    if case.path == "/wait" and isinstance(case.query.get("timeout", 5.0), (int, float)):
        # Valid, but minutes.
        case.query["timeout"] = 0
    case.call_and_validate(base_url=base_url, excluded_checks=EXCLUDED.get(case.path, []))


def test_served(base_url: str) -> None:
    """The description that is served is the one that is tested."""
    assert urllib3.request("GET", f"{base_url}/openapi.json").json() == document(OPERATIONS)


def test_every_route_is_described() -> None:
    """Every route of the API is described, and nothing else is."""
    with Collector() as collector:
        routes = {
            (method.lower(), re.sub(r":\w+}", "}", route.path))
            for route in api_routes(collector._parts)
            if isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}
        }
    assert {(operation.method, operation.path) for operation in OPERATIONS} == routes
    assert len(OPERATIONS) == len(routes)
