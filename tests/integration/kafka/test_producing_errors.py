"""KafkaConsumer and brokers that answer with errors, of librdkafka's cluster for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from delivering.rig import assert_balanced
from delivering.waiting import DEADLINE_S, until
from growingio_tracker import Fate, GrowingTracker, KafkaConsumer, Problem, Receipt
from kafka_topic import arrived, names
from mock_cluster import (
    CLOSED,
    INVALID_RECORD,
    NO_ACCESS,
    NOT_LEADER,
    OUT_OF_ORDER,
    TOO_LARGE,
    MockCluster,
    running_mock_cluster,
)

Make = Callable[..., KafkaConsumer]


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with running_mock_cluster() as one:
        one.make_topic("events")
        yield one


@pytest.fixture
def problems() -> list[Problem]:
    return []


@pytest.fixture
def make(cluster: MockCluster, problems: list[Problem]) -> Iterator[Make]:
    """Make consumers that are closed at the end; their statistics are balanced."""
    with ExitStack() as closing:

        def consumer(**options: Any) -> KafkaConsumer:
            where = {"bootstrap_servers": cluster.address, "topic": "events", "flush_after": 3600}
            where |= {"on_error": problems.append, **options}
            one = KafkaConsumer("p", "d", "http://127.0.0.1:9", **where)
            closing.callback(lambda: assert_balanced(one._pipelines.get().ledger))
            closing.callback(one.close, 0)
            return one

        yield consumer


def track(consumer: KafkaConsumer, count: int, users: int = 20) -> list[Receipt]:
    tracker = GrowingTracker.consumer(consumer)
    return [
        tracker.track_custom_event(f"e{number:04}", login_user_id=f"u{number % users}")
        for number in range(count)
    ]


def numbered(count: int) -> list[str]:
    return [f"e{number:04}" for number in range(count)]


@pytest.mark.parametrize("error", [NOT_LEADER, CLOSED], ids=["not leader", "closed"])
def test_d1_passing_errors(cluster: MockCluster, make: Make, error: int) -> None:
    """D1: what may pass by itself is tried again by librdkafka, and repeats nothing."""
    consumer = make()
    track(consumer, 300)
    cluster.answer(*[error] * 6)
    assert consumer.flush(DEADLINE_S)
    assert names(cluster.address, "events") == numbered(300)
    assert consumer.stats().rejected == {}


def test_d4_one_of_many_is_too_large(cluster: MockCluster, make: Make) -> None:
    """D4: an error that hits a whole request condemns nobody: the events are tried in halves."""
    consumer = make()
    receipts = track(consumer, 300)
    cluster.answer(TOO_LARGE, TOO_LARGE, TOO_LARGE)
    assert consumer.flush(DEADLINE_S)
    assert {one.fate for one in receipts} == {Fate("handed_over")}
    assert names(cluster.address, "events") == numbered(300)
    assert consumer.stats().requests > 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [(TOO_LARGE, "kafka_msg_size_too_large"), (INVALID_RECORD, "kafka_invalid_record")],
    ids=["too large", "invalid"],
)
def test_d4_refused_alone(
    cluster: MockCluster, make: Make, problems: list[Problem], error: int, reason: str
) -> None:
    """D4: an event that brokers refuse by itself is rejected and reported, and others arrive."""
    consumer = make()
    (refused,) = track(consumer, 1)
    cluster.answer(error)
    assert refused.wait(DEADLINE_S) == Fate("rejected", reason)
    cluster.forgive()
    (other,) = track(consumer, 1)
    assert other.wait(DEADLINE_S) == Fate("handed_over")
    assert [(one.reason, one.events) for one in problems] == [(reason, 1)]
    assert consumer.stats().rejected == {reason: 1}


def test_d3_no_access(cluster: MockCluster, make: Make, problems: list[Problem]) -> None:
    """D3: without access events stay queued; it is reported once, and a flush tries again."""
    consumer = make()
    track(consumer, 5, users=1)
    cluster.answer(NO_ACCESS)
    consumer.flush(0)
    until(lambda: problems, "a report")
    assert [one.reason for one in problems] == ["misconfigured"]
    assert "TOPIC_AUTHORIZATION_FAILED" in problems[0].detail
    assert consumer.stats().pending == 5
    assert consumer.flush(DEADLINE_S)
    assert names(cluster.address, "events") == numbered(5)


def test_out_of_order(cluster: MockCluster, make: Make) -> None:
    """Should brokers and producer disagree about its sequence, another producer goes on."""
    consumer = make()
    track(consumer, 50)
    cluster.answer(OUT_OF_ORDER)
    consumer.flush(0)
    until(lambda: consumer.flush(0.2), "the end of all pauses")
    there = arrived(cluster.address, "events")
    assert {one.name for one in there} == {*numbered(50)}
    assert len({one.record.event_id for one in there}) == 50


def test_one_broker_down(cluster: MockCluster, make: Make) -> None:
    """While one of three brokers is down, its events wait, and others are not repeated."""
    consumer = make(request_timeout=0.5)
    track(consumer, 1)
    assert consumer.flush(DEADLINE_S)
    cluster.take_down(1)
    track(consumer, 300)
    assert not consumer.flush(2.0)
    cluster.bring_up(1)
    until(lambda: consumer.flush(0.2), "the end of all pauses")
    there = arrived(cluster.address, "events")
    assert sorted(one.name for one in there) == ["e0000", *numbered(300)]


def test_slow_brokers(cluster: MockCluster, make: Make) -> None:
    """Acknowledgements that take a while are waited for."""
    consumer = make()
    cluster.delay(300)
    receipts = track(consumer, 10)
    assert consumer.flush(DEADLINE_S)
    assert {one.fate for one in receipts} == {Fate("handed_over")}
    assert consumer.stats().requests == 1
