"""A relay against a real broker, and against servers that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable

from brokers import Broker
from delivering.servers import BlackHole, LockedServer, Server, refused_url, reply
from delivering.waiting import until
from growingio_tracker.kafka.topic import Header, Origin, TopicRecord, headers_of
from growingio_wire.table import Kind
from relaying import EVENTS, committed, messages, put, put_raw, record, relaying

NewTopic = Callable[[int], str]
LABELS = headers_of(TopicRecord(EVENTS, b"", None))


def names(count: int, begin: int = 0) -> list[str]:
    return [f"e{number}" for number in range(begin, begin + count)]


def test_delivery(broker: Broker, new_topic: NewTopic) -> None:
    """Everything is delivered in order, once, and committed."""
    topic = new_topic(1)
    put(broker, topic, names(1200))
    with Server() as server, relaying(broker, topic, server.url) as running:
        running.wait_for(1200)
        until(lambda: running.relay.status().lag == {0: 0} or committed(broker, topic) == [1200])
    assert server.names == names(1200)
    assert [len(request.names) for request in server.received][:2] == [500, 500]
    assert committed(broker, topic) == [1200]


def test_projects_and_kinds(broker: Broker, new_topic: NewTopic) -> None:
    """Records of another project or kind go to their own address."""
    topic = new_topic(1)
    items = Origin(Kind.ITEM, "project-2", "source-2")
    put(broker, topic, names(3))
    item = b'{"id":"1","key":"sku","projectKey":"project-2","dataSourceId":"source-2"}'
    put_raw(broker, topic, [(item, headers_of(TopicRecord(items, b"", None)))])
    put(broker, topic, names(3, 3))
    with Server() as server, relaying(broker, topic, server.url) as running:
        running.wait_for(7)
    got = {one.target.partition("?")[0]: json.loads(one.body) for one in server.received}
    assert [one["eventName"] for one in got["/v3/projects/project-1/collect"]] == names(6)
    assert got["/projects/project-2/collect/item"] == [json.loads(item)]


def test_going_on(broker: Broker, new_topic: NewTopic) -> None:
    """The next relay of the group begins where the last one stopped."""
    topic = new_topic(1)
    put(broker, topic, names(10))
    with Server() as server:
        with relaying(broker, topic, server.url) as running:
            running.wait_for(10)
        put(broker, topic, names(5, 10))
        with relaying(broker, topic, server.url) as running:
            running.wait_for(5)
    assert server.names == names(15)


def test_malformed_messages(broker: Broker, new_topic: NewTopic) -> None:
    """What is no record becomes a dead letter with its reason, key, value and headers."""
    topic = new_topic(1)
    newer: list[Header] = [("growingio-record", b"9"), *LABELS[1:]]
    values: list[tuple[bytes | None, list[Header]]] = [
        (b"nonsense", LABELS),
        (None, LABELS),
        (record("newer"), newer),
        (b'{"eventType":"CUSTOM"}', []),
        (b'{"a":1}', []),
    ]
    put_raw(broker, topic, values)
    put(broker, topic, ["good"])
    with Server() as server, relaying(broker, topic, server.url) as running:
        running.wait_for(1, dead=5)
    assert len(server.received) == 1
    dead = messages(broker, f"{topic}.dead-letters")
    reasons = [one.headers["growingio-dead-reason"] for one in dead]
    assert reasons == ["not_json", "no_value", "newer_format", "no_project", "unknown_kind"]
    assert [one.value for one in dead] == [value for value, _ in values]
    assert {one.key for one in dead} == {b"u1"}
    assert dead[2].headers["growingio-record"] == "9"
    assert [one.headers["growingio-source-offset"] for one in dead] == ["0", "1", "2", "3", "4"]
    assert {one.headers["growingio-source-topic"] for one in dead} == {topic}
    assert committed(broker, topic) == [6]


def test_raw_messages(broker: Broker, new_topic: NewTopic) -> None:
    """An object, or an array of them, is delivered by what it says; the options say the rest."""
    topic = new_topic(1)
    bare = b'{"eventType": "CUSTOM", "eventName": "bare"}'
    array = b"[%s, 1, %s]" % (record("r1"), record("r2", EVENTS._replace(product_id="p2")))
    put_raw(broker, topic, [(bare, []), (array, []), (b" [] ", [])])
    options = {"product_id": "mine", "data_source_id": "ours"}
    with Server() as server, relaying(broker, topic, server.url, **options) as running:
        running.wait_for(3, dead=2)
    [sent] = [one for one in server.received if "/mine/" in one.target]
    [event] = json.loads(sent.body)
    assert event == json.loads(bare) | {"projectKey": "mine", "dataSourceId": "ours"}
    assert sorted(server.names) == ["bare", "r1", "r2"]
    dead = messages(broker, f"{topic}.dead-letters")
    assert [(one.value, one.headers["growingio-dead-reason"]) for one in dead] == [
        (b"1", "unlike_a_message"),
        (b"[] ", "no_value"),
    ]


def test_poison(broker: Broker, new_topic: NewTopic) -> None:
    """One event that the server refuses becomes a dead letter, and its neighbours are delivered."""
    topic = new_topic(1)
    put(broker, topic, ["a", "b", "c", "d"])
    bad = reply(400, body=b"no such thing")
    with (
        Server(bad, 204, bad, 204, bad) as server,
        relaying(broker, topic, server.url) as running,
    ):
        running.wait_for(3, dead=1)
    [dead] = messages(broker, f"{topic}.dead-letters")
    assert dead.value == record("d")
    assert dead.headers["growingio-dead-reason"] == "status_400"
    assert dead.headers["growingio-dead-status"] == "400"
    assert "no such thing" in dead.headers["growingio-dead-detail"]
    assert committed(broker, topic) == [4]


def test_too_large(broker: Broker, new_topic: NewTopic) -> None:
    """413 halves the batch until it fits."""
    topic = new_topic(1)
    put(broker, topic, names(8))
    with Server(413, 413) as server, relaying(broker, topic, server.url) as running:
        running.wait_for(8)
    assert [len(one.names) for one in server.received] == [8, 4, 2, 2, 2, 2]


def test_wait_for_server(broker: Broker, new_topic: NewTopic) -> None:
    """429 and 503 are tried again, and nothing is lost or overtaken."""
    topic = new_topic(1)
    put(broker, topic, names(700))
    with Server(429, 503, None) as server, relaying(broker, topic, server.url) as running:
        running.wait_for(700)
    whole = [name for one in server.received[3:] for name in one.names]
    assert whole == names(700)


def test_server_away(broker: Broker, new_topic: NewTopic) -> None:
    """K1: while the server is away the relay polls on, keeps little, and commits nothing."""
    topic = new_topic(2)
    for partition in (0, 1):
        put(broker, topic, names(3000), partition=partition)
    quick = {"retry_limit": 0, "max_events": 1000, "max_size": 100}
    with relaying(broker, topic, refused_url(), **quick) as running:
        until(lambda: running.relay.status().paused)
        until(lambda: running.relay.stats().requests > 1)
        assert running.relay.stats().pending <= 1000 + 1
        assert running.relay.status().poll_age_s < 2
    assert running.relay.stats().delivered == 0
    assert committed(broker, topic, 2) == [-1001, -1001]


def test_server_back(broker: Broker, new_topic: NewTopic) -> None:
    """K1: when the server is back, what was given back to the broker is read again, in order."""
    topic = new_topic(1)
    put(broker, topic, names(2000))
    options = {"retry_limit": 0, "max_size": 100, "max_events": 400}
    with Server(503) as server, relaying(broker, topic, server.url, **options) as running:
        running.wait_for(2000)
    assert [name for one in server.received[1:] for name in one.names] == names(2000)
    assert running.relay.stats().handed_over > 0


def test_wrong_access(broker: Broker, new_topic: NewTopic) -> None:
    """K1: 401 loses nothing: events stay on the topic, and are delivered by a relay that may."""
    topic = new_topic(1)
    put(broker, topic, names(20))
    with LockedServer(after=0) as server:
        with relaying(broker, topic, server.url) as running:
            until(lambda: any(one.reason == "misconfigured" for one in running.problems))
        assert committed(broker, topic) == [-1001]
        server.unlock()
        with relaying(broker, topic, server.url) as running:
            running.wait_for(20)
    assert [name for one in server.accepted for name in one.names] == names(20)


def test_silent_server(broker: Broker, new_topic: NewTopic) -> None:
    """A server that never answers delays the end by no more than the deadline."""
    topic = new_topic(1)
    put(broker, topic, names(20))
    with BlackHole() as server:
        with relaying(broker, topic, server.url, close_timeout_s=0.5) as running:
            server.wait(1)
        assert running.relay.stats().pending == 20
    assert committed(broker, topic) == [-1001]


def test_rate(broker: Broker, new_topic: NewTopic) -> None:
    """No more events a second leave than asked for."""
    topic = new_topic(1)
    put(broker, topic, names(30))
    with Server() as server, relaying(broker, topic, server.url, rate=20) as running:
        running.wait_for(20)
        assert len(server.names) == 20
        running.wait_for(30)
    assert server.names == names(30)
