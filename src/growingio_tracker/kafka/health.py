"""Health of a relay over HTTP, for Kubernetes probes and Prometheus.

============  ====================================================================================
path          answer
============  ====================================================================================
``/livez``    200 while the relay polls Kafka, whatever the server does; else 503
``/readyz``   200 if it has also joined its group and delivers; else 503
``/metrics``  metrics in Prometheus's text format
============  ====================================================================================
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Protocol

from growingio_tracker.delivery.ledger import Stats
from growingio_wire.errors import invalid, missing_extra

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    from growingio_tracker.kafka.relay import RelayStatus

_POLLS_WITHIN_S: Final = 60.0
_DELIVERS_WITHIN_S: Final = 60.0
_CLIENT_TIMEOUT_S: Final = 5.0
_TEXT: Final = "text/plain; charset=utf-8"


class Examined(Protocol):
    """The parts of a relay that its health depends on."""

    def stats(self) -> Stats:
        """Return what became of the records."""
        ...

    def status(self) -> RelayStatus:
        """Return how it is doing."""
        ...

    def healthy(self, within_s: float) -> bool:
        """Return False if records are queued and none was delivered within this time."""
        ...


def not_alive(relay: Examined) -> str:
    """Return why the process should be restarted; empty if it should not."""
    age_s = relay.status().poll_age_s
    return f"Kafka has not been polled for {age_s:.0f} s" if age_s > _POLLS_WITHIN_S else ""


def not_ready(relay: Examined) -> str:
    """Return why the relay does not deliver; empty if it does."""
    if why := not_alive(relay):
        return why
    if not relay.status().has_joined:
        return "the relay has not joined its group yet"
    if not relay.healthy(_DELIVERS_WITHIN_S):
        last_error = relay.stats().last_error or "no answer came"
        return f"nothing was delivered for {_DELIVERS_WITHIN_S:.0f} s: {last_error}"
    return ""


@contextmanager
def answering(relay: Examined, host: str, port: int) -> Generator[int, None, None]:
    """Serve inside the block, and yield the port.

    :param port: 0 chooses a free one.
    :raises GrowingParamException: if the address cannot be used.
    :raises MissingExtraError: if prometheus-client is not installed.
    """
    registry = _registry(relay)
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, relay, registry))
    except OSError as error:
        raise invalid(
            f"--health: {host}:{port} cannot be used: {error.strerror}",
            f"--health：无法使用 {host}:{port}：{error.strerror}",
            "--health",
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_TIMEOUT_S

    def __init__(self, relay: Examined, registry: CollectorRegistry, *socket: object) -> None:
        self._relay = relay
        self._registry = registry
        super().__init__(*socket)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if path == "/livez":
            self._say(not_alive(self._relay))
        elif path == "/readyz":
            self._say(not_ready(self._relay))
        elif path == "/metrics":
            from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

            self._send(200, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        else:
            self._send(404, _TEXT, b"there are /livez, /readyz and /metrics\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no line for each probe."""

    def _say(self, trouble: str) -> None:
        self._send(503 if trouble else 200, _TEXT, f"{trouble or 'ok'}\n".encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _registry(relay: Examined) -> CollectorRegistry:
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.registry import Collector
    except ImportError as error:
        raise missing_extra("--health", "kafka") from error

    class Figures(Collector):
        def collect(self) -> Iterator[Metric]:
            return _figures(relay.stats(), relay.status())

    registry = CollectorRegistry()
    registry.register(Figures())
    return registry


def _figures(stats: Stats, status: RelayStatus) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    counters = {
        "consumed": ("Records consumed from the topic.", stats.adopted),
        "delivered": ("Records that the server accepted.", stats.delivered),
        "given_back": ("Consumed records left to other relays.", stats.handed_over),
        "requests": ("Requests, retries included.", stats.requests),
        "retries": ("Requests that repeated another.", stats.retries),
    }
    for name, (words, count) in counters.items():
        yield CounterMetricFamily(f"growingio_relay_{name}", words, count)
    dead = CounterMetricFamily(
        "growingio_relay_dead_letters", "Records that became dead letters.", labels=["reason"]
    )
    yield _labelled(dead, stats.rejected)
    gauges = {
        "pending": ("Records queued or being sent.", stats.pending),
        "pending_bytes": ("Their size.", stats.pending_bytes),
        "partitions": ("Partitions assigned to this relay.", status.partitions),
        "partitions_paused": (
            "Partitions paused until the server or the broker recovers.",
            status.paused,
        ),
        "seconds_since_poll": ("Seconds since the last poll.", status.poll_age_s),
    }
    for name, (words, value) in gauges.items():
        yield GaugeMetricFamily(f"growingio_relay_{name}", words, value)
    lag = GaugeMetricFamily(
        "growingio_relay_lag", "Messages after the committed offset.", labels=["partition"]
    )
    yield _labelled(lag, status.lag)
    if stats.last_success_age_s is not None:
        yield GaugeMetricFamily(
            "growingio_relay_seconds_since_delivery",
            "Seconds since the server last accepted events.",
            stats.last_success_age_s,
        )


def _labelled(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Any, float]
) -> Metric:
    for label, value in values.items():
        family.add_metric([str(label)], value)
    return family
