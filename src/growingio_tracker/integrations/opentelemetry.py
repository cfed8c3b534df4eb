"""OpenTelemetry metrics of the outcomes of events.

Each collection reads ``stats()`` and ``healthy()``, so tracking an event costs nothing more.
Delivery requests never create spans, with or without this.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from growingio_tracker.config.settings import masked
from growingio_tracker.consumers import Consumer
from growingio_tracker.delivery.ledger import Stats
from growingio_tracker.integrations.request_binding import TRACKER
from growingio_tracker.model.option_types import having
from growingio_tracker.tracker import GrowingTracker
from growingio_wire import VERSION
from growingio_wire.errors import missing_extra
from growingio_wire.said import Said

try:
    from opentelemetry.metrics import (
        CallbackOptions,
        Meter,
        MeterProvider,
        Observation,
        get_meter,
        get_meter_provider,
    )
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "opentelemetry":
        raise
    raise missing_extra("the OpenTelemetry integration", "otel") from error

CONSUMER: Final = "growingio.consumer"
"""Attribute with the consumer's class, for example ``AsyncBufferedConsumer``."""

PRODUCT: Final = "growingio.product"
"""Attribute with the beginning of the product id; the rest is masked."""

REASON: Final = "growingio.reason"
"""Attribute of rejected and dropped events with their reason in ``stats()``."""

_Attributes: TypeAlias = tuple[tuple[str, str], ...]
_Values: TypeAlias = Mapping[str, float]
"""Values by reason; the key is ``""`` for metrics without reasons."""


class _Metric(NamedTuple):
    name: str
    unit: str
    description: str
    read: Callable[[Consumer, Stats], _Values]
    create: Callable[[Meter], Callable[..., object]] = lambda m: m.create_observable_counter
    join: Callable[[Iterable[float]], float] = sum
    """Combines the values of several consumers with the same attributes."""


def _gauge(meter: Meter) -> Callable[..., object]:
    return meter.create_observable_gauge


def _up_down(meter: Meter) -> Callable[..., object]:
    return meter.create_observable_up_down_counter


def _count(field: str) -> Callable[[Consumer, Stats], _Values]:
    return lambda _, stats: {"": getattr(stats, field)}


def _rejected(_: Consumer, stats: Stats) -> _Values:
    return stats.rejected


def _dropped(_: Consumer, stats: Stats) -> _Values:
    return stats.dropped


def _age(_: Consumer, stats: Stats) -> _Values:
    return {} if stats.last_success_age_s is None else {"": stats.last_success_age_s}


def _healthy(consumer: Consumer, _: Stats) -> _Values:
    return {"": int(consumer.healthy())}


METRICS: Final = (
    _Metric("growingio.events.accepted", "{event}", "Accepted events.", _count("accepted")),
    _Metric(
        "growingio.events.delivered",
        "{event}",
        "Events that the server accepted.",
        _count("delivered"),
    ),
    _Metric(
        "growingio.events.rejected",
        "{event}",
        "Events that the server will never accept.",
        _rejected,
    ),
    _Metric(
        "growingio.events.dropped",
        "{event}",
        "Events that were dropped.",
        _dropped,
    ),
    _Metric(
        "growingio.events.adopted",
        "{event}",
        "Events taken over from earlier processes.",
        _count("adopted"),
    ),
    _Metric(
        "growingio.events.handed_over",
        "{event}",
        "Events handed over to a Kafka broker or a relay.",
        _count("handed_over"),
    ),
    _Metric(
        "growingio.events.pending", "{event}", "Events queued now.", _count("pending"), _up_down
    ),
    _Metric(
        "growingio.events.pending_size",
        "By",
        "Size of the queued events.",
        _count("pending_bytes"),
        _up_down,
    ),
    _Metric(
        "growingio.attributes.left_out",
        "{attribute}",
        "Attributes that could not be sent.",
        _count("attributes_left_out"),
    ),
    _Metric(
        "growingio.experiments.failed",
        "{call}",
        "Experiment requests without a response.",
        _count("experiments_failed"),
    ),
    _Metric(
        "growingio.requests", "{request}", "Requests sent, including retries.", _count("requests")
    ),
    _Metric("growingio.retries", "{request}", "Requests that were retries.", _count("retries")),
    _Metric(
        "growingio.worker.restarts",
        "{restart}",
        "Sending threads that had to be replaced.",
        _count("worker_restarts"),
    ),
    _Metric("growingio.last_success.age", "s", "Time since the last delivery.", _age, _gauge, min),
    _Metric(
        "growingio.healthy",
        "1",
        "0 if events are queued and none was delivered in the last minute, otherwise 1.",
        _healthy,
        _gauge,
        min,
    ),
)
"""All published metrics."""


class _Publication:
    """Instruments of one meter provider, which cannot be removed, and the consumers they read."""

    def __init__(self, get: Callable[[str, str], Meter]) -> None:
        self.consumers: dict[Consumer, None] = {}
        meter = get("growingio_tracker", VERSION)
        for metric in METRICS:
            create = metric.create(meter)
            create(metric.name, [self._observe(metric)], metric.unit, metric.description)

    def _observe(self, metric: _Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            values: defaultdict[_Attributes, list[float]] = defaultdict(list)
            for consumer in list(self.consumers):
                for reason, value in metric.read(consumer, consumer.stats()).items():
                    values[_attributes(consumer, reason)].append(value)
            return [Observation(metric.join(v), dict(key)) for key, v in values.items()]

        return observe


_PROVIDER: Final = having(Said("a MeterProvider", "MeterProvider"), "get_meter").or_none()


class _Global:
    """Placeholder for the process's current meter provider, which may change."""


_GLOBAL: Final = _Global()
_publications: Final[weakref.WeakKeyDictionary[MeterProvider | _Global, _Publication]] = (
    weakref.WeakKeyDictionary()
)


def instrument(tracker: GrowingTracker, meter_provider: MeterProvider | None = None) -> None:
    """Publish the counts of ``tracker`` as metrics, until :func:`uninstrument`.

    Each has the attributes :data:`CONSUMER` and :data:`PRODUCT`; rejected and dropped events also
    have :data:`REASON`. You may publish several trackers; values with the same attributes are
    added. Trackers that share a consumer are counted once, and so is a tracker published twice. A
    published tracker is kept alive.

    :param meter_provider: where to publish; ``None`` is OpenTelemetry's global one, even if it is
        set later.
    :raises GrowingParamException: if an argument has the wrong type.
    """
    consumer = _consumer_of(tracker)
    _PROVIDER.check(meter_provider, "meter_provider")
    if meter_provider is None or meter_provider is get_meter_provider():
        publication = _publication(_GLOBAL, get_meter)
    else:
        publication = _publication(meter_provider, meter_provider.get_meter)
    publication.consumers[consumer] = None


def uninstrument(tracker: GrowingTracker) -> None:
    """Stop publishing ``tracker`` and those that share its consumer.

    :raises GrowingParamException: if ``tracker`` is not a tracker.
    """
    consumer = _consumer_of(tracker)
    for publication in list(_publications.values()):
        publication.consumers.pop(consumer, None)


def _publication(key: MeterProvider | _Global, get: Callable[[str, str], Meter]) -> _Publication:
    publication = _publications.get(key)
    if publication is None:
        publication = _publications[key] = _Publication(get)
    return publication


def _consumer_of(tracker: GrowingTracker) -> Consumer:
    TRACKER.check(tracker, "tracker")
    return tracker.strategy


def _attributes(consumer: Consumer, reason: str) -> _Attributes:
    product = masked("product_id", consumer.destination.product_id)
    common = ((CONSUMER, type(consumer).__name__), (PRODUCT, product))
    return (*common, (REASON, reason)) if reason else common
