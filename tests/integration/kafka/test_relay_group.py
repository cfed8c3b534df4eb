"""Relays that share a topic, as threads and as processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from brokers import QUICK_GROUP, Broker, running_broker
from delivering.processes import quiet_environment
from delivering.servers import LockedServer, Server, refused_url
from delivering.waiting import DEADLINE_S, until
from relaying import committed, messages, put, relaying
from running_command import MAIN, POSIX_SIGNALS

NewTopic = Callable[[int], str]
PARTITIONS = 4
QUICK = "session.timeout.ms=2000\nheartbeat.interval.ms=300\n"


def names(partition: int, count: int) -> list[str]:
    return [f"p{partition}-{number}" for number in range(count)]


def fill(broker: Broker, topic: str, count: int) -> list[str]:
    for partition in range(PARTITIONS):
        put(broker, topic, names(partition, count), partition=partition)
    return [name for partition in range(PARTITIONS) for name in names(partition, count)]


def of(partition: int, server: Server) -> list[str]:
    return [name for name in server.names if name.startswith(f"p{partition}-")]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A file of librdkafka options, with which groups find out soon who is gone."""
    file = tmp_path / "kafka.properties"
    file.write_text(QUICK)
    return file


@contextmanager
def process(
    broker: Broker, topic: str, server: str, settings: Path
) -> Generator[subprocess.Popen[str], None, None]:
    """Run ``growingio relay`` as a process, which is killed at the end if it still runs."""
    source = f"kafka://{broker.address}/{topic}"
    command = [sys.executable, "-c", MAIN, "relay", source]
    with subprocess.Popen(
        [*command, "--group", topic, "--server-host", server, "--kafka-config", str(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=quiet_environment(LC_ALL="C"),
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_sharing(broker: Broker, new_topic: NewTopic) -> None:
    """Two relays of a group share the partitions, and deliver everything once, in order."""
    topic = new_topic(PARTITIONS)
    with Server() as server, relaying(broker, topic, server.url) as one:
        until(lambda: one.relay.status().partitions == PARTITIONS)
        with relaying(broker, topic, server.url) as other:
            until(lambda: other.relay.status().partitions == PARTITIONS // 2)
            expected = fill(broker, topic, 300)
            until(lambda: len(server.names) >= len(expected))
            assert one.relay.stats().adopted
            assert other.relay.stats().adopted
    assert sorted(server.names) == sorted(expected)
    for partition in range(PARTITIONS):
        assert of(partition, server) == names(partition, 300)


def test_coming_and_going(broker: Broker, new_topic: NewTopic) -> None:
    """K2: relays that come and go in order under load repeat nothing and lose nothing."""
    topic = new_topic(PARTITIONS)
    expected = fill(broker, topic, 3000)
    options = {"max_size": 50, "rate": 6000}
    with Server() as server, relaying(broker, topic, server.url, **options):
        until(lambda: len(server.received) > 10)
        with relaying(broker, topic, server.url, **options) as guest:
            until(lambda: guest.relay.stats().delivered >= 200)
        until(lambda: len(server.names) >= len(expected))
    assert sorted(server.names) == sorted(expected)
    for partition in range(PARTITIONS):
        assert of(partition, server) == names(partition, 3000)


class Stalling(Server):
    """Answers so many requests, and lets the others wait until it is released."""

    def __init__(self, after: int) -> None:
        self.stalled = threading.Semaphore(0)
        self.released = threading.Event()
        super().__init__(*[204] * after, *[self._stall] * 1000)

    def __enter__(self) -> Stalling:
        return self

    def _stall(self, connection: object) -> bool:
        self.stalled.release()
        self.released.wait(DEADLINE_S)
        return False


@POSIX_SIGNALS
def test_kill(broker: Broker, new_topic: NewTopic, settings: Path) -> None:
    """K1: a relay killed with batches on their way repeats those at most, and loses nothing."""
    topic = new_topic(PARTITIONS)
    expected = fill(broker, topic, 2200)
    with Stalling(after=9) as first, process(broker, topic, first.url, settings) as child:
        assert first.stalled.acquire(timeout=DEADLINE_S)
        until(lambda: len(first.received) >= 12)
        child.kill()
        child.wait(DEADLINE_S)
        first.released.set()
    taken = Counter(name for request in first.received for name in request.names)
    with Server() as second, relaying(broker, topic, second.url) as running:
        until(lambda: sum(committed(broker, topic, PARTITIONS)) == len(expected))
        assert running.error is None
    arrived = taken + Counter(second.names)
    assert set(arrived) == set(expected)
    repeated = {name for name, times in arrived.items() if times > 1}
    for partition in range(PARTITIONS):
        mine = [name for name in names(partition, 2200) if name in repeated]
        assert len(mine) <= 500, "more than one batch of a partition was repeated"
    stalled = {name for request in first.received[9:] for name in request.names}
    unanswered = {name for request in first.received[:9] for name in request.names} & repeated
    assert len(unanswered) <= 500 * PARTITIONS
    assert stalled <= repeated


@POSIX_SIGNALS
def test_kill_between_batches(broker: Broker, new_topic: NewTopic, settings: Path) -> None:
    """K2: however many batches a relay has delivered when it is killed, one is repeated at most."""
    topic = new_topic(1)
    put(broker, topic, names(0, 20_000))
    with Server() as server:
        for kills in range(1, 5):
            with process(broker, topic, server.url, settings) as child:
                until(lambda: len(server.received) > 6 * kills)  # noqa: B023
                child.kill()
        with process(broker, topic, server.url, settings):
            until(lambda: committed(broker, topic) == [20_000])
        arrived = Counter(server.names)
    assert set(arrived) == set(names(0, 20_000))
    assert sum(arrived.values()) - 20_000 <= 4 * 500
    assert max(arrived.values()) <= 5


@POSIX_SIGNALS
def test_sigterm(broker: Broker, new_topic: NewTopic, settings: Path) -> None:
    """SIGTERM ends what is on its way, commits it, and leaves the group."""
    topic = new_topic(1)
    put(broker, topic, names(0, 3000))
    with Stalling(after=2) as server, process(broker, topic, server.url, settings) as child:
        assert server.stalled.acquire(timeout=DEADLINE_S)
        threading.Timer(0.3, server.released.set).start()
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=DEADLINE_S)
        assert (child.returncode, err) == (0, "")
    assert "1000 delivered, 0 dead letters, 0 pending" in out.splitlines()[-1]
    assert committed(broker, topic) == [1000]
    with Server() as rest, relaying(broker, topic, rest.url) as running:
        running.wait_for(2000)
    assert rest.names == names(0, 3000)[1000:]


def test_group_that_is_left(broker: Broker, new_topic: NewTopic) -> None:
    """A relay that ends in order leaves its group: nobody waits for the end of its session."""
    topic = new_topic(2)
    slow = {"session.timeout.ms": 60_000, "heartbeat.interval.ms": 300}
    with Server() as server, relaying(broker, topic, server.url) as one:
        until(lambda: one.relay.status().partitions == 2)
        with relaying(broker, topic, server.url, kafka=slow) as guest:
            until(lambda: guest.relay.status().partitions == 1)
        until(lambda: one.relay.status().partitions == 2)


def test_partitions_that_come_back(broker: Broker, new_topic: NewTopic) -> None:
    """K1: a partition that was paused when another relay took it is read when it comes back."""
    topic = new_topic(2)
    for partition in (0, 1):
        put(broker, topic, names(partition, 20), partition=partition)
    with (
        LockedServer(after=0, status=503) as server,
        relaying(broker, topic, server.url, retry_limit=0) as first,
    ):
        until(lambda: first.relay.status().paused == 2)
        with relaying(broker, topic, refused_url()) as second:
            until(lambda: second.relay.status().partitions == 1)
            server.unlock()
            first.wait_for(20)
        first.wait_for(40)
    accepted = [name for one in server.accepted for name in one.names]
    assert sorted(accepted) == sorted(names(0, 20) + names(1, 20))


def test_dead_letters_that_cannot_be_written(broker: Broker, new_topic: NewTopic) -> None:
    """K1: a dead letter that is not taken keeps its record on the topic, and is said."""
    topic = new_topic(1)
    put(broker, topic, ["a", "p" * 2000])
    small = {"kafka": {**QUICK_GROUP, "message.max.bytes": 1000}}
    with Server(400, 204, 400) as server, relaying(broker, topic, server.url, **small) as running:
        until(lambda: any(one.reason == "dead_letter_unwritten" for one in running.problems))
        assert running.relay.stats().delivered == 1
        assert running.relay.status().paused == 1
    assert committed(broker, topic) == [-1001]
    with Server(400, 204, 400) as server, relaying(broker, topic, server.url) as running:
        running.wait_for(1, dead=1)
    assert len(messages(broker, f"{topic}.dead-letters")) == 1


def test_broker_away() -> None:
    """An offset that cannot be committed is said, and the relay ends in time all the same."""
    with running_broker() as broker, Stalling(after=0) as server:
        topic = broker.make_topic("t", 1)
        put(broker, topic, ["a"])
        with relaying(broker, topic, server.url, close_timeout_s=1.0) as running:
            assert server.stalled.acquire(timeout=DEADLINE_S)
            broker.kill()
            server.released.set()
            server.wait(2)
            until(lambda: any(one.reason == "kafka" for one in running.problems))
            assert running.relay.stats().delivered + running.relay.stats().pending == 1


def test_environment_of_secrets(broker: Broker, new_topic: NewTopic, tmp_path: Path) -> None:
    """K3: no password is among the arguments or in what the command says."""
    topic = new_topic(1)
    secret = "s3cret-Passw0rd"
    file = tmp_path / "kafka.properties"
    file.write_text(
        f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=u\n"
        f"sasl.password={secret}\n"
    )
    with (
        Server() as server,
        process(broker, topic, server.url, file) as child,
        threading_end(child),
    ):
        out, err = child.communicate(timeout=DEADLINE_S)
        assert isinstance(child.args, list)
        assert all(secret not in str(one) for one in child.args)
    assert secret not in out + err


@contextmanager
def threading_end(child: subprocess.Popen[str]) -> Generator[None, None, None]:
    """End a process in order soon."""
    timer = threading.Timer(3.0, child.terminate)
    timer.start()
    yield
    timer.join()
