"""``growingio kafka``: dead letters of a topic are listed, and put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from brokers import Broker
from delivering.servers import Server
from growingio_tracker.kafka.client import Client
from growingio_tracker.kafka.dead_letters import REASON, SOURCE_TOPIC
from growingio_tracker.kafka.requeue import DeadLetterTopic
from growingio_tracker.kafka.topic import TopicRecord, headers_of
from growingio_wire.errors import GrowingIOException
from kafka_topic import arrived
from mock_cluster import NO_ACCESS, running_mock_cluster
from relaying import EVENTS, messages, put, put_raw, record, relaying
from running_command import Ended, invoked

NewTopic = Callable[[int], str]
LABELS = headers_of(TopicRecord(EVENTS, b"", "event-1"))


def kafka(command: str, broker: Broker, topic: str, *more: str) -> Ended:
    return invoked("kafka", command, f"kafka://{broker.address}/{topic}", *more)


def listed(broker: Broker, topic: str) -> list[dict[str, Any]]:
    """Return the dead letters that there are."""
    lines = kafka("list", broker, topic, "--json").stdout.splitlines()
    return [json.loads(line) for line in lines]


def make_dead_letters(broker: Broker, topic: str) -> None:
    """Have ``poison`` refused by the server, and a message that is no record."""
    put_raw(broker, topic, [(record("poison"), LABELS), (b"nonsense", LABELS)])
    with Server(400) as server, relaying(broker, topic, server.url) as running:
        running.wait_for(0, dead=2)


def test_list(broker: Broker, new_topic: NewTopic) -> None:
    """The list says place, reason and status; values only when asked for."""
    topic = new_topic(1)
    make_dead_letters(broker, topic)
    found = listed(broker, topic)
    assert [(one["name"], one["reason"], one["status"]) for one in found] == [
        ("poison", "status_400", 400),
        ("", "not_json", None),
    ]
    assert [one["source_offset"] for one in found] == [0, 1]
    assert "message" not in found[0]
    table = kafka("list", broker, topic, "--reason", "not_json")
    assert table.returncode == 0
    assert "nonsense" not in table.stdout
    with_values = kafka("list", broker, topic, "--json", "--values").stdout.splitlines()
    assert json.loads(with_values[1])["message"] == "nonsense"


def test_requeue(broker: Broker, new_topic: NewTopic) -> None:
    """A dead letter is put back once, with its key, value and headers, and delivered."""
    topic = new_topic(1)
    make_dead_letters(broker, topic)
    done = kafka("requeue", broker, topic, "--reason", "status_400")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Put back: 1 " in done.stdout
    *_, back = messages(broker, topic)
    assert (back.key, back.value) == (b"u1", record("poison"))
    assert back.headers == {name: str(value, "utf-8") for name, value in LABELS}  # type: ignore[arg-type]
    assert "Put back: 0 " in kafka("requeue", broker, topic, "--reason", "status_400").stdout
    assert [one["reason"] for one in listed(broker, topic)] == ["not_json"]
    with Server() as server, relaying(broker, topic, server.url) as running:
        running.wait_for(1)
    assert server.names == ["poison"]


def test_requeue_by_place(broker: Broker, new_topic: NewTopic) -> None:
    """A place that the list shows chooses one of them."""
    topic = new_topic(1)
    make_dead_letters(broker, topic)
    found = listed(broker, topic)
    assert "Put back: 1 " in kafka("requeue", broker, topic, found[1]["place"]).stdout
    assert [one.value for one in messages(broker, topic)][2:] == [b"nonsense"]
    gone = kafka("requeue", broker, topic, found[1]["place"])
    assert gone.returncode == 2
    assert "no dead letter at" in gone.stderr


def test_letter_that_dies_again(broker: Broker, new_topic: NewTopic) -> None:
    """What is refused again is a dead letter again, with the new reason alone."""
    topic = new_topic(1)
    make_dead_letters(broker, topic)
    kafka("requeue", broker, topic, "--reason", "status_400")
    put(broker, topic, ["good"])
    answers = [422, 422, 204]
    with Server(*answers) as server, relaying(broker, topic, server.url) as running:
        running.wait_for(1, dead=1)
    found = listed(broker, topic)
    assert sorted(one["reason"] for one in found) == ["not_json", "status_422"]


def test_no_topic(broker: Broker) -> None:
    """A topic that does not exist is said."""
    ended = kafka("list", broker, "there-is-none")
    assert ended.returncode == 1
    said = "the topic there-is-none.dead-letters cannot be used: UNKNOWN_TOPIC_OR_PART"
    assert ended.stderr.startswith(said)


def test_requeue_that_fails() -> None:
    """A transaction that fails is aborted: nothing is put back, and the next run puts it back."""
    with running_mock_cluster() as cluster:
        topic = cluster.make_topic("events", 1)
        dead = cluster.make_topic("events.dead-letters", 1)
        put_raw(
            cluster,
            dead,
            [(record("poison"), [(REASON, b"status_400"), (SOURCE_TOPIC, b"events")])],
        )
        letters = DeadLetterTopic(Client(cluster.address), dead)
        chosen = list(letters)
        cluster.answer(NO_ACCESS, NO_ACCESS)
        with pytest.raises(GrowingIOException, match=f"{dead} cannot be used: TOPIC_AUTH"):
            list(letters.put_back(chosen))
        assert list(letters) == chosen
        assert arrived(cluster.address, topic) == []
        cluster.forgive()
        assert list(letters.put_back(chosen)) == [1]
        assert list(letters) == []
        assert [one.record.record for one in arrived(cluster.address, topic)] == [record("poison")]
