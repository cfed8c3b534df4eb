"""The description of the API against the running API."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
import urllib3
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from growingio_collector import Collector
from growingio_collector.api import AnyCall
from growingio_collector.api.openapi import document
from growingio_collector.service import api_calls

pytest_plugins = ["schemathesis.pytest.plugin"]

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


def _calls() -> list[AnyCall]:
    with Collector() as collector:
        return api_calls(collector._service.parts)


DESCRIPTION: Final = document(_calls())

# A stream never ends, and a replay would go to whatever server is made up.
api = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path=["/stream", "/requests/{id}/replay"])


EXCLUDED: Final[dict[str, list[Any]]] = {
    # What a plan and a fault may be is more than a schema says here.
    "/plan": [positive_data_acceptance, negative_data_rejection],
    "/faults": [positive_data_acceptance],
    # Nothing is forwarded here.
    "/forward/replay": [positive_data_acceptance],
    # Waiting in vain, and not being ready, are answers.
    "/wait": [positive_data_acceptance],
    "/ready": [not_a_server_error],
    # That a body is no recording cannot be described by a schema, and a list may hold anything.
    "/import": [positive_data_acceptance, negative_data_rejection],
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
    """The description that is served is the one that is tested, and it has every call."""
    served = urllib3.request("GET", f"{base_url}/openapi.json").json()
    # Read again as JSON: a description has tuples, and numbers as keys.
    assert served == json.loads(json.dumps(DESCRIPTION))
    paths = served["paths"].items()
    described = {(method, path) for path, methods in paths for method in methods}
    assert described == {(call.method, call.path) for call in _calls()}
