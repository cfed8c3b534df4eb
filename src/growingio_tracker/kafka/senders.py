"""Senders of a relay: one for each project, over connections that they share."""

from __future__ import annotations

import threading

from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Interrupt
from growingio_tracker.kafka.relay_options import RelayOptions
from growingio_tracker.kafka.topic import Origin
from growingio_wire.endpoints import endpoints
from growingio_wire.http.connections import Route
from growingio_wire.http.exchange import Transport
from growingio_wire.http.tls import warn_of_verification
from growingio_wire.http.transport import HttpTransport


class Senders:
    """Makes senders as projects are seen. What one has learned of its address stays with it.

    :raises ProxyError: when the environment names a proxy that cannot be used.
    """

    def __init__(
        self, options: RelayOptions, ledger: Ledger, reporter: Reporter, interrupt: Interrupt
    ) -> None:
        self._options = options
        self._parser = options.parser
        self._ledger = ledger
        self._reporter = reporter
        self._interrupt = interrupt
        self._transport = options.transport or _connection(options)
        self._lock = threading.Lock()  # guards the next
        self._by_project: dict[str, Sender] = {}

    def to(self, origin: Origin) -> Sender:
        """Return the sender for the records of an origin."""
        with self._lock:
            sender = self._by_project.get(origin.product_id)
            if sender is None:
                sender = self._by_project[origin.product_id] = self._make(origin.product_id)
            return sender

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _make(self, product_id: str) -> Sender:
        options = self._options
        return Sender(
            self._transport,
            self._parser,
            endpoints(options.server_host, product_id),
            options.retry_policy,
            request_timeout_s=options.request_timeout,
            ledger=self._ledger,
            reporter=self._reporter,
            interrupt=self._interrupt,
        )


def _connection(options: RelayOptions) -> Transport:
    route = Route.by_environment(options.server_host, verify_cert=options.verify_cert)
    warn_of_verification(options.verify_cert, options.server_host)
    return HttpTransport(route)
