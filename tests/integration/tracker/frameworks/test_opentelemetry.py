"""OpenTelemetry's own SDK reads our metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from delivering.processes import run_well
from delivering.rig import HOST
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    RejectedError,
    Stats,
)
from growingio_tracker.integrations.opentelemetry import (
    METRICS,
    REASON,
    instrument,
    uninstrument,
)
from growingio_tracker.testing import Answer, MemoryTransport

COMMON = {"growingio.consumer": "BufferedConsumer", "growingio.product": "bc67…"}


class Metrics:
    """A real meter provider, and what a reader reads from it."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = MeterProvider([self._reader])

    def read(self) -> dict[str, list[tuple[Mapping[str, Any], float]]]:
        """Return attributes and value of every point, by the name of its metric."""
        data = self._reader.get_metrics_data()
        found: dict[str, list[tuple[Mapping[str, Any], float]]] = {}
        for resource in data.resource_metrics if data else []:
            for scope in resource.scope_metrics:
                assert scope.scope.name == "growingio_tracker"
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        assert isinstance(point, NumberDataPoint)
                        attributes = dict(point.attributes or {})
                        found.setdefault(metric.name, []).append((attributes, point.value))
        return found


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics()
    yield metrics
    metrics.provider.shutdown()


def buffered(*answers: Answer, product: str = "bc675c65b3b0290e") -> GrowingTracker:
    """Return a tracker whose requests are answered like that."""
    return GrowingTracker.consumer(
        BufferedConsumer(product, "d", HOST, transport=MemoryTransport(answers), retry_limit=0)
    )


def test_every_count(metrics: Metrics) -> None:
    """Each count of stats() is a metric with the same value, and rejections have their reason."""
    tracker = buffered(204, 400)
    instrument(tracker, metrics.provider)
    tracker.track_custom_event("a", login_user_id="u1", attributes={"bad": object()})
    assert tracker.flush()
    tracker.track_custom_event("b", login_user_id="u1")
    with pytest.raises(RejectedError):
        tracker.flush()
    tracker.track_custom_event("c", login_user_id="u1")
    stats, found = tracker.stats(), metrics.read()
    single = {name: points[0][1] for name, points in found.items()}
    assert single["growingio.events.accepted"] == stats.accepted == 3
    assert single["growingio.events.delivered"] == stats.delivered == 1
    assert single["growingio.events.pending"] == stats.pending == 1
    assert single["growingio.events.pending_size"] == stats.pending_bytes > 0
    assert single["growingio.attributes.left_out"] == stats.attributes_left_out == 1
    assert single["growingio.requests"] == stats.requests == 2
    assert single["growingio.retries"] == stats.retries == 0
    assert single["growingio.healthy"] == 1
    assert single["growingio.last_success.age"] >= 0
    assert found["growingio.events.rejected"] == [({**COMMON, REASON: "status_400"}, 1)]
    assert found["growingio.events.accepted"][0][0] == COMMON
    assert set(found) == {metric.name for metric in METRICS} - {"growingio.events.dropped"}


def test_nothing_is_left_out() -> None:
    """Every number of stats() is read by a metric: none that is added later is forgotten."""

    class Reading:
        def __init__(self) -> None:
            self.names: set[str] = set()

        def __getattr__(self, name: str) -> object:
            self.names.add(name)
            return getattr(Stats(), name)

    reading, consumer = Reading(), buffered()._consumer
    for metric in METRICS:
        metric.read(consumer, reading)  # type: ignore[arg-type]
    assert reading.names == set(Stats.__struct_fields__) - {"last_error"}


def test_several_trackers(metrics: Metrics) -> None:
    """Trackers are kept apart by consumer and product; what is the same is added up."""
    first, same = buffered(), buffered()
    other = buffered(product="short")
    default = GrowingTracker.consumer(
        DefaultConsumer("bc675c65b3b0290e", "d", HOST, transport=MemoryTransport())
    )
    for tracker in (first, same, other, default, first, first.bind(anonymous_id="v")):
        instrument(tracker, metrics.provider)
        tracker.track_custom_event("a", anonymous_id="v")
    accepted = metrics.read()["growingio.events.accepted"]
    assert [(a["growingio.consumer"], a["growingio.product"], n) for a, n in accepted] == [
        ("BufferedConsumer", "bc67…", 4),
        ("BufferedConsumer", "…", 1),
        ("DefaultConsumer", "bc67…", 1),
    ]


def test_uninstrument(metrics: Metrics) -> None:
    """What is taken back is published no longer, and may be published again."""
    tracker, other = buffered(), buffered(product="other-product")
    for each in (tracker, other):
        instrument(each, metrics.provider)
    uninstrument(tracker)
    uninstrument(tracker)
    assert [a["growingio.product"] for a, _ in metrics.read()["growingio.healthy"]] == ["othe…"]
    instrument(tracker, metrics.provider)
    assert len(metrics.read()["growingio.healthy"]) == 2


def test_two_providers(metrics: Metrics) -> None:
    """One tracker may be published by several providers."""
    second, tracker = Metrics(), buffered()
    for each in (metrics, second):
        instrument(tracker, each.provider)
        assert each.read()["growingio.healthy"] == [(COMMON, 1)]
    second.provider.shutdown()


def test_drops_and_health(metrics: Metrics) -> None:
    """Events that were given up have their reason, and events that wait in vain are not healthy."""
    consumer = AsyncBufferedConsumer("p" * 8, "d", HOST, transport=MemoryTransport())
    tracker = GrowingTracker.consumer(consumer)
    instrument(tracker, metrics.provider)
    tracker.close()
    tracker.track_custom_event("late", anonymous_id="v")
    [(attributes, value)] = metrics.read()["growingio.events.dropped"]
    assert (attributes[REASON], value) == ("closed", 1)

    class Unhealthy(AsyncBufferedConsumer):
        def healthy(self, within_s: float = 60.0) -> bool:
            return False

    sick = GrowingTracker.consumer(Unhealthy("p", "d", HOST))
    instrument(sick, metrics.provider)
    assert sorted(value for _, value in metrics.read()["growingio.healthy"]) == [0, 1]


def test_global_provider() -> None:
    """Without a provider it is the global one, also when that is set later."""
    run_well("""
    from growingio_tracker import DefaultConsumer, GrowingTracker
    from growingio_tracker.integrations.opentelemetry import instrument
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    instrument(GrowingTracker("p", "d", "http://127.0.0.1:9"))
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    assert "growingio.events.accepted" in reader.get_metrics_data().to_json()
    """)


def test_global_provider_set_in_between() -> None:
    """Trackers published before and after it is set, or by its name, are counted once, together."""
    run_well("""
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from growingio_tracker import BufferedConsumer, GrowingTracker
    from growingio_tracker.integrations.opentelemetry import instrument

    one, two = (
        GrowingTracker.consumer(BufferedConsumer("p", "d", "http://x.example")) for _ in range(2)
    )
    for tracker in (one, two, two):
        tracker.track_custom_event("a", anonymous_id="v")
    instrument(one)
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(provider := MeterProvider([reader]))
    instrument(one)
    instrument(two)
    instrument(one, provider)
    [resource] = reader.get_metrics_data().resource_metrics
    [scope] = resource.scope_metrics
    [pending] = [metric for metric in scope.metrics if metric.name == "growingio.events.pending"]
    [point] = pending.data.data_points
    assert point.value == 3
    for tracker in (one, two):
        tracker.close(0)
    """)


def test_no_tracker() -> None:
    """What is no tracker is refused by the argument's name."""
    consumer = DefaultConsumer("p", "d", HOST)
    for call in (instrument, uninstrument):
        with pytest.raises(GrowingParamException, match="tracker must be a GrowingTracker, got"):
            call(consumer)  # type: ignore[arg-type]
