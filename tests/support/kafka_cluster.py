"""Three brokers of Apache Kafka, on this machine alone, whose files are removed at the end.

``KAFKA_HOME`` names an unpacked distribution, 3.7 or newer, which needs Java.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from delivering.servers import free_port
from delivering.waiting import DEADLINE_S, until

_NODES: Final = 3
_COPIES: Final = 3
_START_S: Final = 60.0
_SETTINGS: Final = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{address}
log.dirs={data}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"""


class Node:
    """One broker, which is a controller as well."""

    def __init__(self, home: Path, folder: Path, address: str) -> None:
        self.address = address
        self._home = home
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def format(self, cluster: str) -> None:
        """Make its directory for data."""
        self._run("kafka-storage.sh", "format", "-t", cluster, "-c", self._settings)

    @property
    def _settings(self) -> str:
        return str(self._folder / "server.properties")

    def start(self) -> None:
        """Start it; it may take some time before it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._home / "bin" / "kafka-server-start.sh", self._settings],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it at once; what it has on disk stays."""
        if self._process is not None:
            self._process.kill()  # the script has become Java
            self._process.wait(DEADLINE_S)
            self._process = None

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._home / "bin" / program, *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_START_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "KAFKA_HEAP_OPTS": "-Xmx512m", "LOG_DIR": str(self._folder / "logs")}


class Cluster:
    """Three brokers. Each message is on all of them, and acknowledged once two have it."""

    def __init__(self, home: Path, folder: Path) -> None:
        controllers = [free_port() for _ in range(_NODES)]
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in enumerate(controllers, 1))
        self._nodes = []
        for node, controller in enumerate(controllers, 1):
            own = folder / str(node)
            own.mkdir()
            address = f"127.0.0.1:{free_port()}"
            settings = _SETTINGS.format(
                node=node,
                voters=voters,
                address=address,
                controller=controller,
                data=own / "data",
            )
            (own / "server.properties").write_text(settings, "utf-8")
            self._nodes.append(Node(home, own, address))
        self._next = 0
        self.address = ",".join(one.address for one in self._nodes)

    def start(self) -> None:
        """Start all, and return once all are there."""
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for node in self._nodes:
            node.format(cluster)
        for node in self._nodes:
            node.start()
        self._wait_for_all()

    def _wait_for_all(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        until(lambda: len(admin.list_topics(timeout=_START_S).brokers) == _NODES, "three brokers")

    def make_topic(self, name: str, partitions: int = 3) -> str:
        """Make a topic; return its name."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        admin.create_topics([NewTopic(name, partitions, _COPIES)])[name].result(DEADLINE_S)
        return name

    @contextmanager
    def standing_still(self) -> Generator[None, None, None]:
        """Kill one after the other, a different one each time, and start it again afterwards."""
        node = self._nodes[self._next % _NODES]
        self._next += 1
        node.kill()
        try:
            yield
        finally:
            node.start()
            self._wait_for_all()

    def kill(self) -> None:
        """End all."""
        for node in self._nodes:
            node.kill()


@contextmanager
def running_cluster(folder: Path) -> Generator[Cluster, None, None]:
    """Yield three brokers, and kill them at the end."""
    cluster = Cluster(_home(), folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()


def _home() -> Path:
    named = os.environ.get("KAFKA_HOME", "")
    if named and (Path(named) / "bin" / "kafka-server-start.sh").is_file():
        return Path(named)
    said = "KAFKA_HOME names no distribution of Apache Kafka"
    if named or "kafka" in os.environ.get("TEST_DATABASES", ""):
        raise AssertionError(said)
    raise pytest.skip.Exception(f"not here: {said}")
