"""KafkaConsumer and a real broker."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from benchmarks import kafka

from brokers import Broker, running_broker
from delivering.rig import assert_balanced
from delivering.servers import Server
from delivering.waiting import DEADLINE_S, until
from growingio_tracker import (
    DurableConsumer,
    Fate,
    GrowingTracker,
    JsonParser,
    KafkaConsumer,
    Problem,
    QueueLimits,
)
from growingio_tracker.consumers.durable import Adopters
from growingio_tracker.kafka import consumer as consumer_module
from growingio_tracker.kafka.refusals import LogLines
from growingio_wire.table import Kind
from kafka_topic import Arrived, arrived, names

HANDED_OVER = Fate("handed_over")
NEVER = "127.0.0.1:9"
Make = Callable[..., KafkaConsumer]


@pytest.fixture
def topic(broker: Broker, request: pytest.FixtureRequest) -> str:
    return broker.make_topic(request.node.name.replace("[", ".").replace("]", ""))


@pytest.fixture
def make(broker: Broker, topic: str) -> Iterator[Make]:
    """Make consumers that are closed at the end, without waiting for what they hold."""
    with ExitStack() as closing:

        def consumer(address: str = broker.address, **options: Any) -> KafkaConsumer:
            options = {"topic": topic, "flush_after": 0, **options}
            one = KafkaConsumer(
                "p", "d", "http://127.0.0.1:9", bootstrap_servers=address, **options
            )
            closing.callback(one.close, 0)
            return one

        yield consumer


def track(consumer: KafkaConsumer, *events: str, user: str = "u") -> None:
    tracker = GrowingTracker.consumer(consumer)
    for name in events:
        tracker.track_custom_event(name, login_user_id=user)


def balance(consumer: KafkaConsumer) -> None:
    assert_balanced(consumer._pipelines.get().ledger)


def numbered(count: int) -> list[str]:
    return [f"e{number:04}" for number in range(count)]


def test_c4_handed_over(make: Make, broker: Broker, topic: str) -> None:
    """C4: what the broker acknowledged is handed over, and is there once."""
    consumer = make()
    tracker = GrowingTracker.consumer(consumer)
    receipt = tracker.track_custom_event("first", login_user_id="u", attributes={"a": 1})
    assert receipt.wait(DEADLINE_S) == HANDED_OVER
    assert not receipt.fate.delivered
    receipts = [tracker.track_custom_event(one, login_user_id="u") for one in numbered(3000)]
    tracker.submit_item("i", "k", {"price": 1})
    tracker.track_user_mapping({"phone": "1"})
    assert consumer.flush(DEADLINE_S)
    assert {one.fate for one in receipts} == {HANDED_OVER}, "also those of long ago"
    stats = consumer.stats()
    assert (stats.handed_over, stats.delivered, stats.pending) == (3003, 0, 0)
    assert stats.last_success_age_s is not None
    assert stats.last_error is None
    balance(consumer)
    assert consumer.healthy()
    there = arrived(broker.address, topic)
    assert {one.record.origin.kind for one in there} == {*Kind}
    events = [one for one in there if one.record.origin.kind is Kind.EVENT]
    assert [one.name for one in events] == ["first", *numbered(3000)]
    assert len({one.record.event_id for one in there}) == 3003


def test_order_of_a_user(make: Make, broker: Broker, topic: str) -> None:
    """The events of a user are in one partition, in the order of the calls."""
    consumer = make(max_size=7)
    for name in numbered(300):
        track(consumer, name, user=f"user-{int(name[1:]) % 10}")
    assert consumer.flush(DEADLINE_S)
    by_key: dict[bytes | None, list[Arrived]] = {}
    for one in arrived(broker.address, topic):
        by_key.setdefault(one.key, []).append(one)
    assert len(by_key) == 10
    assert len({one.partition for there in by_key.values() for one in there}) == 3
    for there in by_key.values():
        assert len({one.partition for one in there}) == 1
        assert [one.name for one in there] == sorted(one.name for one in there)


def test_e6_receipts_in_asyncio(make: Make) -> None:
    """E6: receipts, flushing and closing can be awaited."""
    consumer = make(flush_after=3600)
    tracker = GrowingTracker.consumer(consumer)

    async def main() -> None:
        assert await tracker.track_custom_event("a", login_user_id="u") == HANDED_OVER
        tracker.track_custom_event("b", login_user_id="u")
        assert await consumer.aflush(DEADLINE_S)
        assert await consumer.aclose(DEADLINE_S)

    asyncio.run(main())
    assert consumer.stats().handed_over == 2


def test_too_large(make: Make, broker: Broker, topic: str) -> None:
    """An event beyond the limit for messages is rejected and reported; its neighbours arrive."""
    problems: list[Problem] = []
    limited = {"message.max.bytes": 2000}
    consumer = make(flush_after=3600, kafka_options=limited, on_error=problems.append)
    tracker = GrowingTracker.consumer(consumer)
    receipts = [
        tracker.track_custom_event(name, login_user_id="u", attributes={"text": "x" * size})
        for name, size in (("a", 1), ("b", 3000), ("c", 1))
    ]
    assert consumer.flush(DEADLINE_S)
    rejected = Fate("rejected", "kafka_msg_size_too_large")
    assert [one.fate for one in receipts] == [HANDED_OVER, rejected, HANDED_OVER]
    assert consumer.stats().rejected == {"kafka_msg_size_too_large": 1}
    assert [(one.reason, one.events) for one in problems] == [("kafka_msg_size_too_large", 1)]
    assert names(broker.address, topic) == ["a", "c"]
    balance(consumer)


def test_brokers_that_do_not_answer(make: Make, broker: Broker, topic: str) -> None:
    """What is not acknowledged in time comes again, and its copies have its event id."""
    consumer = make(request_timeout=0.5, retry_backoff_factor=0)
    track(consumer, "first")
    assert consumer.flush(DEADLINE_S)
    with broker.standing_still():
        track(consumer, *numbered(50))
        until(lambda: consumer.stats().last_error, "an error")
        assert "not acknowledged" in str(consumer.stats().last_error)
        assert consumer.stats().pending == 50
        assert not consumer.flush(0)
        balance(consumer)
    assert consumer.flush(DEADLINE_S)
    there = arrived(broker.address, topic)
    assert sorted({one.name for one in there}) == [*numbered(50), "first"]
    assert len({one.record.event_id for one in there}) == 51
    assert consumer.stats().handed_over == 51


def test_brokers_that_stand_still_shortly(make: Make, broker: Broker, topic: str) -> None:
    """While a broker pauses, events wait, and nothing is repeated: the producer is idempotent."""
    consumer = make()
    track(consumer, "first")
    assert consumer.flush(DEADLINE_S)
    with broker.standing_still():
        track(consumer, *numbered(500))
        assert not consumer.flush(0.3)
    assert consumer.flush(DEADLINE_S)
    assert names(broker.address, topic) == [*numbered(500), "first"]


def test_d2_outage(tmp_path: Path) -> None:
    """D2: events that come while brokers are away arrive when these are back, once, in order."""
    with running_broker() as broker:
        broker.kill()
        where = {"bootstrap_servers": broker.address, "topic": "events"}
        consumer = KafkaConsumer("p", "d", "http://x.example", **where, flush_after=0)  # type: ignore[arg-type]
        track(consumer, *numbered(2500))
        until(lambda: "refused" in str(consumer.stats().last_error), "an error")
        broker.start()
        assert consumer.flush(DEADLINE_S)
        assert [one.name for one in arrived(broker.address, "events")] == numbered(2500)
        assert consumer.close(DEADLINE_S)


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_e2_closing_without_brokers(make: Make, tmp_path: Path, spooled: bool) -> None:
    """E2: closing takes no longer than it may; what is left is counted, or stays on disk."""
    problems: list[Problem] = []
    where = {"spool": tmp_path} if spooled else {}
    consumer = make(NEVER, **where, on_error=problems.append)
    track(consumer, *numbered(5))
    began = time.monotonic()
    assert not consumer.close(1.0)
    assert time.monotonic() - began < 8.0
    stats = consumer.stats()
    expected = (5, {}) if spooled else (0, {"undelivered": 5})
    assert (stats.pending, stats.dropped) == expected
    assert [one.reason for one in problems] == ["left_in_spool" if spooled else "undelivered"]
    assert "refused" in problems[0].detail or "acknowledged" in problems[0].detail
    balance(consumer)
    until(lambda: not [one for one in threading.enumerate() if one.name == "growingio-sender"])


@pytest.mark.parametrize("policy", ["drop_new", "drop_oldest"])
def test_c2_overflow(make: Make, policy: str) -> None:
    """C2: while brokers are away the queue stays bounded, and every loss is counted."""
    queue = QueueLimits(max_events=20, overflow=policy)  # type: ignore[arg-type]
    consumer = make(NEVER, queue=queue, max_size=5)
    track(consumer, *numbered(100))
    stats = consumer.stats()
    assert (stats.accepted, stats.pending, stats.dropped) == (100, 20, {"queue_full": 80})
    balance(consumer)


def test_d3_no_such_topic(make: Make) -> None:
    """D3: a topic that is not there is a misconfiguration, which is reported once."""
    problems: list[Problem] = []
    options = {"topic.metadata.propagation.max.ms": 300, "allow.auto.create.topics": False}
    consumer = make(topic="nowhere", kafka_options=options, on_error=problems.append)
    track(consumer, "a")
    until(lambda: problems or consumer.stats().handed_over, "a report")
    if consumer.stats().handed_over:
        pytest.skip("not here: this broker makes topics by itself")
    assert [one.reason for one in problems] == ["misconfigured"]
    assert "nowhere" in problems[0].detail
    assert consumer.stats().pending == 1


def test_d3_no_login(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """D3: brokers that refuse the login are a misconfiguration, told without the password."""
    problems: list[Problem] = []
    login = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "service",
        "sasl.password": "geheim-7f3a",
        "debug": "all",
    }
    with caplog.at_level("DEBUG", "growingio_tracker"):
        consumer = make(kafka_options=login, on_error=problems.append)
        track(consumer, "a")
        until(lambda: problems, "a report")
    assert [one.reason for one in problems] == ["misconfigured"]
    assert "_AUTHENTICATION" in problems[0].detail
    assert "geheim-7f3a" not in caplog.text + problems[0].detail + str(consumer.stats())


def test_h3_lines_of_librdkafka(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """H3: what librdkafka has to say goes to our logger, and never to standard error."""
    consumer = make(NEVER)
    with_lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda line: with_lines.append(line.getMessage())  # type: ignore[assignment, method-assign]
    logger = logging.getLogger("growingio_tracker.kafka")
    logger.addHandler(handler)
    try:
        track(consumer, "a")
        until(lambda: with_lines, "a line")
    finally:
        logger.removeHandler(handler)
    consumer.close(0)
    assert "Connection refused" in with_lines[0]
    assert capfd.readouterr() == ("", "")


def test_h4_tracking_about_librdkafka(make: Make) -> None:
    """H4: a logging handler that tracks what the producer logs causes no endless stream."""
    consumer = make(NEVER)
    tracker = GrowingTracker.consumer(consumer)
    handler = logging.Handler()
    handler.emit = lambda _: tracker.track_custom_event("log", login_user_id="u")  # type: ignore[assignment, method-assign]
    logger = logging.getLogger("growingio_tracker")
    logger.addHandler(handler)
    try:
        track(consumer, "a")
        until(lambda: consumer.stats().dropped.get("reentrant"), "an event from inside")
    finally:
        logger.removeHandler(handler)
    assert consumer.stats().pending == 1


def test_g1_next_process(make: Make, broker: Broker, topic: str, tmp_path: Path) -> None:
    """G1: what waits in a spool while brokers are away is produced by whoever comes next."""
    first = make(NEVER, spool=tmp_path)
    track(first, *numbered(20))
    assert not first.close(0.2)
    second = make(spool=tmp_path)
    assert second.flush(DEADLINE_S)
    stats = second.stats()
    assert (stats.adopted, stats.handed_over) == (20, 20)
    balance(second)
    there = arrived(broker.address, topic)
    assert [one.name for one in there] == numbered(20)
    (folder,) = tmp_path.iterdir()
    store = next(iter(there)).record.event_id or ""
    assert "-event-" in store
    assert folder.name == f"kafka-{topic}"


def test_spools_are_apart(make: Make, broker: Broker, topic: str, tmp_path: Path) -> None:
    """Of one directory each strategy, and each topic's consumer, takes only what is its own."""
    spooled = make(NEVER, spool=tmp_path)
    track(spooled, "kafka")
    assert not spooled.close(0.2)
    broker.make_topic(other := f"{topic}.other")
    with Server() as server:
        http = DurableConsumer("p", "d", "http://x.example", spool=tmp_path)
        GrowingTracker.consumer(http).track_custom_event("http", login_user_id="u")
        http.close(0)
        another = make(spool=tmp_path, topic=other)
        track(another, "other")
        assert another.flush(DEADLINE_S)
        assert names(broker.address, other) == ["other"]
        with Adopters(tmp_path, server.url, JsonParser()) as relay:
            relay.take_in()
            server.wait(1)
            until(lambda: relay.totals().delivered == 1, "delivery")
        assert server.names == ["http"]
    mine = make(spool=tmp_path)
    assert mine.flush(DEADLINE_S)
    assert names(broker.address, topic) == ["kafka"]


def test_brokers_gone_for_good(make: Make, topic: str, tmp_path: Path) -> None:
    """Whoever asks for it sends a topic's spool by HTTP: a relay of its folder."""
    spooled = make(NEVER, spool=tmp_path)
    track(spooled, *numbered(3))
    assert not spooled.close(0.2)
    with Server() as server:
        with Adopters(tmp_path / f"kafka-{topic}", server.url, JsonParser()) as relay:
            relay.take_in()
            until(lambda: relay.totals().delivered == 3, "delivery")
        assert server.names == numbered(3)


def test_rejected_from_a_spool(make: Make, topic: str, tmp_path: Path) -> None:
    """G4: what brokers refuse becomes a dead letter of the topic's spool."""
    from growingio_tracker.delivery.spool.dead_letters import DeadLetters

    consumer = make(spool=tmp_path, kafka_options={"message.max.bytes": 2000})
    tracker = GrowingTracker.consumer(consumer)
    tracker.track_custom_event("b", login_user_id="u", attributes={"text": "x" * 3000})
    assert consumer.flush(DEADLINE_S)
    (letter,) = DeadLetters(tmp_path / f"kafka-{topic}")
    assert letter.reason == "kafka_msg_size_too_large"
    assert "MSG_SIZE_TOO_LARGE" in letter.detail.en


def test_b5_calls_do_not_wait(make: Make) -> None:
    """B5: with brokers that are away a call takes no longer than with those that are there."""
    consumer = make(NEVER, flush_after=1)
    tracker = GrowingTracker.consumer(consumer)
    took: list[float] = []
    for name in numbered(5000):
        began = time.perf_counter()
        tracker.track_custom_event(name, login_user_id="u")
        took.append(time.perf_counter() - began)
    took.sort()
    assert took[math.floor(len(took) * 0.99)] < 0.001


def test_outside_of_kafka() -> None:
    """send_data() posts by HTTP, as with every consumer."""
    with (
        Server() as server,
        KafkaConsumer("p", "d", server.url, bootstrap_servers=NEVER, topic="t") as consumer,
    ):
        assert consumer.send_data(f"{server.url}/v3/projects/p/collect", "[]")
        server.wait(1)


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_idle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spooled: bool) -> None:
    """While brokers are away and nothing is tracked, what librdkafka says does not pile up."""
    monkeypatch.setattr(consumer_module._PolledLanes, "look_every_s", 0.1)
    monkeypatch.setattr(LogLines, "log", lambda *line: lines.append(line[-1]))
    lines: list[str] = []
    with running_broker() as broker:
        broker.make_topic("events")
        where = {"spool": tmp_path} if spooled else {}
        consumer = KafkaConsumer(
            *("p", "d", "http://127.0.0.1:9"),
            bootstrap_servers=broker.address,
            topic="events",
            **where,  # type: ignore[arg-type]
        )
        track(consumer, "a")
        assert consumer.flush(DEADLINE_S)
        lines.clear()
        broker.kill()
        until(lambda: lines, "a line")
        assert consumer.stats().pending == 0
        assert consumer.close(DEADLINE_S)


def test_cost_of_a_call(broker: Broker, topic: str) -> None:
    """A call takes no more than 2 µs beyond librdkafka's own produce() of ready bytes."""
    costs = kafka.call_costs(broker.address, topic, rounds=5, calls=1000)
    assert costs.ours <= costs.librdkafka + kafka.MOST_NS
