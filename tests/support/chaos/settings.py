"""How a process of a run behaves."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from chaos.schedule import Overflow

MAX_SIZE = 200
KINDS = 2
"""Events and items."""
REQUEST_TIMEOUT_S = 0.4
CHILD_EVENTS = 150
"""What a forked child hands over."""
DRAIN_S = 60.0


class Settings(Struct, frozen=True):
    """What a process is told at its start.

    :param directory: the run's own.
    :param name: its name, and that of its board and report.
    :param durable: whether it keeps events on disk.
    :param ca_file: the authorities to trust; empty for the system's.
    :param max_events: how many may wait.
    :param drains: it only delivers what others left.
    :param brokers: the Kafka brokers to which events go, instead of the server; empty for none.
    :param topic: the topic that they go to.
    """

    directory: str
    name: str
    url: str
    durable: bool
    ca_file: str
    threads: int
    poison_every: int
    overflow: Overflow
    max_events: int
    max_size: int = MAX_SIZE
    drains: bool = False
    brokers: str = ""
    topic: str = ""

    @property
    def boards(self) -> Path:
        return Path(self.directory, "boards")

    @property
    def reports(self) -> Path:
        return Path(self.directory, "reports")

    @property
    def errors(self) -> Path:
        return Path(self.directory, "errors")

    @property
    def spool(self) -> Path:
        return Path(self.directory, "spool")
