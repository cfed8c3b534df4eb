"""OpenTelemetry: what became of every event, as metrics.

Each collection asks ``stats()`` and ``healthy()``; the way of an event knows nothing of it. The
requests that deliver events make no spans, with or without this.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from growingio_tracker._extras import missing_extra
from growingio_tracker.config.settings import masked
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.delivery.contract import Stats
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.version import VERSION

try:
    from opentelemetry.metrics import (
        CallbackOptions,
        Meter,
        MeterProvider,
        Observation,
        get_meter_provider,
    )
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "opentelemetry":
        raise
    raise missing_extra("the OpenTelemetry integration", "otel") from error

CONSUMER: Final = "growingio.consumer"
"""The attribute with the class of the consumer, for instance ``AsyncBufferedConsumer``."""

PRODUCT: Final = "growingio.product"
"""The attribute with the beginning of the product id; the rest is masked."""

REASON: Final = "growingio.reason"
"""The attribute of rejected and dropped events with the word that ``stats()`` counts them under."""

_Attributes: TypeAlias = tuple[tuple[str, str], ...]
_Values: TypeAlias = Mapping[str, float]
"""Values by reason; ``""`` where there are no reasons."""


class _Metric(NamedTuple):
    name: str
    unit: str
    description: str
    read: Callable[[Consumer, Stats], _Values]
    create: Callable[[Meter], Callable[..., object]] = lambda m: m.create_observable_counter
    join: Callable[[Iterable[float]], float] = sum
    """Makes one value of those of several consumers with the same attributes."""


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
    _Metric("growingio.events.accepted", "{event}", "Events taken in.", _count("accepted")),
    _Metric(
        "growingio.events.delivered", "{event}", "Accepted by the server.", _count("delivered")
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
        "Events that were given up.",
        _dropped,
    ),
    _Metric("growingio.events.adopted", "{event}", "Left by earlier processes.", _count("adopted")),
    _Metric("growingio.events.handed_over", "{event}", "Left to a relay.", _count("handed_over")),
    _Metric("growingio.events.pending", "{event}", "Waiting now.", _count("pending"), _up_down),
    _Metric(
        "growingio.events.pending_size", "By", "Size of those.", _count("pending_bytes"), _up_down
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
        "Experiments without an answer.",
        _count("experiments_failed"),
    ),
    _Metric("growingio.requests", "{request}", "Requests made.", _count("requests")),
    _Metric("growingio.retries", "{request}", "The repeats among them.", _count("retries")),
    _Metric(
        "growingio.worker.restarts",
        "{restart}",
        "Replaced threads of senders.",
        _count("worker_restarts"),
    ),
    _Metric("growingio.last_success.age", "s", "Since the last delivery.", _age, _gauge, min),
    _Metric("growingio.healthy", "1", "0 when events wait in vain.", _healthy, _gauge, min),
)
"""Everything that is published."""


class _Publication:
    """The instruments of one meter provider, which cannot be taken back, and who is behind them."""

    def __init__(self, provider: MeterProvider) -> None:
        self.consumers: dict[Consumer, None] = {}
        meter = provider.get_meter("growingio_tracker", VERSION)
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


_publications: Final[weakref.WeakKeyDictionary[MeterProvider, _Publication]] = (
    weakref.WeakKeyDictionary()
)


def instrument(tracker: GrowingTracker, meter_provider: MeterProvider | None = None) -> None:
    """Publish the counts of ``tracker`` as metrics, until :func:`uninstrument`.

    Each has the attributes :data:`CONSUMER` and :data:`PRODUCT`, those of rejected and dropped
    events also :data:`REASON`. Several trackers may be published; those whose attributes are the
    same are added up. Trackers that share a consumer are counted once, and so is a tracker that is
    published twice. It is kept alive meanwhile.

    :param meter_provider: where to publish; ``None`` is OpenTelemetry's global one.
    """
    provider = get_meter_provider() if meter_provider is None else meter_provider
    publication = _publications.get(provider)
    if publication is None:
        publication = _publications[provider] = _Publication(provider)
    publication.consumers[tracker._consumer] = None


def uninstrument(tracker: GrowingTracker) -> None:
    """Publish ``tracker``, and those that share its consumer, no longer."""
    for publication in list(_publications.values()):
        publication.consumers.pop(tracker._consumer, None)


def _attributes(consumer: Consumer, reason: str) -> _Attributes:
    product = masked("product_id", consumer._product_id)
    common = ((CONSUMER, type(consumer).__name__), (PRODUCT, product))
    return (*common, (REASON, reason)) if reason else common
