"""A relay of a run: ``python -m chaos_kafka.relay_process relay kafka://… …``, as the command is.

It differs in what takes long: it gives up a request sooner, and leaves a failing server alone for
less than a second.
"""

from __future__ import annotations

import faulthandler
import signal
from importlib import import_module
from pathlib import Path

import msgspec

from chaos.settings import REQUEST_TIMEOUT_S
from growingio_cli import main
from growingio_cli.relay_kafka import TopicOptions, relay_options
from growingio_cli.sending import KafkaAddress
from growingio_tracker.kafka.options import RelayOptions
from growingio_wire.http.retry import RetryPolicy


class BriskOptions(RelayOptions, frozen=True, kw_only=True):
    """Options of a relay that does not wait for long."""

    request_timeout: float = REQUEST_TIMEOUT_S
    retry_backoff_factor: float = 0.01
    flush_after: float = 0.05

    @property
    def retry_policy(self) -> RetryPolicy:
        """When requests are repeated, and how long a failing server is left alone."""
        return RetryPolicy(
            self.retry_limit,
            self.retry_backoff_factor,
            probe_interval_s=0.4,
            misconfigured_interval_s=0.5,
        )


def _brisk(
    address: KafkaAddress,
    chosen: TopicOptions,
    server_host: str | None,
    format_: str,
    ca_file: Path | None,
) -> RelayOptions:
    options = msgspec.structs.asdict(relay_options(address, chosen, server_host, format_, ca_file))
    for name in ("request_timeout", "retry_backoff_factor", "flush_after"):
        del options[name]
    return BriskOptions(**options)


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    # Where the command looks for it.
    setattr(import_module("growingio_cli.relay"), relay_options.__name__, _brisk)
    main()
