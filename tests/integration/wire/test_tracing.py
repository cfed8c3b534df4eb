"""D10: OpenTelemetry, really instrumenting urllib3."""

from __future__ import annotations

import pytest

from delivering.processes import run_well
from delivering.servers import Server

PREAMBLE = """
    import sys, urllib3
    from growingio_tracker import *

    url = sys.argv[1]

    def track(consumer, name):
        tracker = GrowingTracker.consumer(consumer)
        tracker.track_custom_event(name, anonymous_id="x")
        tracker.flush()
"""
INSTRUMENTED = f"""{PREAMBLE}
    from opentelemetry import trace
    from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    URLLib3Instrumentor().instrument()

    def kinds():
        return [span.kind.name for span in spans.get_finished_spans()]
"""


@pytest.mark.parametrize("kind", ["DefaultConsumer", "BufferedConsumer", "AsyncBufferedConsumer"])
def test_d10_no_span_and_no_header(kind: str) -> None:
    """A program's own request makes a span and carries its id; a request of ours does neither."""
    code = f"""{INSTRUMENTED}
    with trace.get_tracer("program").start_as_current_span("handling"):
        track({kind}("p", "d", url), "ours")
        urllib3.request("POST", url + "/own", body='[{{"eventName": "own"}}]')
        assert trace.get_current_span().name == "handling"
    assert kinds() == ["CLIENT", "INTERNAL"], kinds()
    """
    with Server() as server:
        run_well(code, server.url)
        carries_id = {name: "traceparent" in r.headers for r in server.received for name in r.names}
        assert carries_id == {"ours": False, "own": True}


def test_d10_after_a_failure() -> None:
    """Also after a request of ours that got no answer the program's own are traced again."""
    code = f"""{INSTRUMENTED}
    try:
        track(DefaultConsumer("p", "d", url, retry_limit=0), "ours")
    except GrowingIOException:
        urllib3.request("GET", url + "/own")
    assert kinds() == ["CLIENT"], kinds()
    """
    with Server(None) as server:
        run_well(code, server.url)


def test_d10_is_not_imported() -> None:
    """Sending imports nothing of OpenTelemetry, where it is installed and nobody uses it."""
    code = f"""{PREAMBLE}
    import importlib.util
    assert importlib.util.find_spec("opentelemetry") is not None
    track(DefaultConsumer("p", "d", url), "a")
    assert not [name for name in sys.modules if name.startswith("opentelemetry.")]
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["a"]
