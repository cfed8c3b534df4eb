"""KafkaConsumer as far as no brokers need to be there."""

from __future__ import annotations

import pickle
import threading
from functools import partial
from pathlib import Path

import pytest

from delivering.processes import run_well
from growingio_tracker import (
    GrowingParamException,
    GrowingTracker,
    KafkaConsumer,
    QueueLimits,
)
from growingio_tracker.config import gather
from growingio_tracker.config.settings import masked
from growingio_tracker.consumers.options import DURABLE_QUEUE
from growingio_tracker.kafka.options import KafkaOptions

IDS = "p", "d", "http://127.0.0.1:9"
SECRET = "geheim-7f3a"
ENVIRON = {
    "GROWINGIO_PRODUCT_ID": "p",
    "GROWINGIO_DATA_SOURCE_ID": "d",
    "GROWINGIO_SERVER_HOST": "http://127.0.0.1:9",
    "GROWINGIO_STRATEGY": "kafka",
    "GROWINGIO_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "GROWINGIO_TOPIC": "events",
}


def options_of(consumer: KafkaConsumer) -> KafkaOptions:
    assert isinstance(consumer._options, KafkaOptions)
    return consumer._options


def test_f2_construction() -> None:
    """F2: making one starts no thread, and nothing of it says a secret."""
    threads = threading.active_count()
    options = {"sasl.password": SECRET}
    consumer = KafkaConsumer(
        *IDS, bootstrap_servers="127.0.0.1:9", topic="events", kafka_options=options
    )
    assert threading.active_count() == threads
    assert SECRET not in repr(consumer)
    assert SECRET not in repr(consumer._options)
    assert consumer.flush_after == 1.0
    consumer.close()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bootstrap_servers": "kafka://h:9092"}, "bootstrap_servers must be brokers"),
        ({"bootstrap_servers": "h:1,,i:2"}, "bootstrap_servers must be brokers"),
        ({"bootstrap_servers": "user@h:1"}, "bootstrap_servers must be brokers"),
        ({"topic": "a topic"}, "topic must be the name of a topic"),
        ({"topic": ".."}, "topic must be the name of a topic"),
        ({"kafka_options": {"acks": "1"}}, r"kafka_options\['acks'\]: acks cannot be changed"),
        ({"kafka_options": {"sasl.password": [SECRET]}}, "kafka_options must be a mapping"),
        ({"kafka_config": "/nowhere"}, "/nowhere cannot be read"),
        ({"max_size": 0}, "max_size"),
        ({"request_timeout": 0}, "request_timeout"),
    ],
)
def test_wrong_arguments(wrong: dict[str, object], message: str) -> None:
    """The message names the argument, and no secret."""
    arguments = {"bootstrap_servers": "127.0.0.1:9", "topic": "events", **wrong}
    with pytest.raises(GrowingParamException, match=message) as caught:
        KafkaConsumer(*IDS, **arguments)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


def test_queue_of_a_spool(tmp_path: Path) -> None:
    """On disk there is as much room as a DurableConsumer has, unless the queue says otherwise."""
    make = partial(KafkaConsumer, *IDS, bootstrap_servers="127.0.0.1:9", topic="events")
    assert options_of(make()).queue == QueueLimits()
    spooled = options_of(make(spool=tmp_path))
    assert spooled.queue == DURABLE_QUEUE
    assert spooled.directory == tmp_path / "kafka-events"
    assert options_of(make(spool=tmp_path, queue=QueueLimits(5))).queue == QueueLimits(5)


def test_f6_pickled() -> None:
    """F6: a copy has the options, also those of a file, though the file is somewhere else."""
    consumer = KafkaConsumer(
        *IDS, bootstrap_servers="127.0.0.1:9", topic="events", kafka_options={"linger.ms": 3}
    )
    other = pickle.loads(pickle.dumps(consumer))
    assert options_of(other).kafka_options == {"linger.ms": 3}
    assert other.destination == consumer.destination
    assert SECRET not in repr(other)


def test_from_env(tmp_path: Path) -> None:
    """Variables configure it, those of librdkafka behind GROWINGIO_KAFKA_ included."""
    variables = {
        **ENVIRON,
        "GROWINGIO_KAFKA_SASL_PASSWORD": SECRET,
        "GROWINGIO_KAFKA_SERVICE_HOST": "10.0.0.7",
        "GROWINGIO_KAFKA_TEAM": "x",
        "GROWINGIO_SPOOL": str(tmp_path),
    }
    tracker = GrowingTracker.from_env(variables)
    assert isinstance(tracker._consumer, KafkaConsumer)
    options = options_of(tracker._consumer)
    assert options.kafka_options == {"sasl.password": SECRET}
    assert options.queue.max_events == 10_000_000


def test_from_file(tmp_path: Path) -> None:
    """A table of a file has them, by their own names; a variable wins over it."""
    file = tmp_path / "gio.toml"
    file.write_text(
        """
        product_id = "p"
        data_source_id = "d"
        server_host = "http://127.0.0.1:9"
        strategy = "kafka"
        bootstrap_servers = "127.0.0.1:9"
        topic = "events"

        [kafka]
        linger.ms = 3
        "client.rack" = "r"
        acks = 1
        """
    )
    environ = {"GROWINGIO_KAFKA_CLIENT_RACK": "s"}
    found = gather(file, environ)
    assert [str(mistake) for mistake in found.mistakes] == [
        f"{file}, line 12: acks cannot be changed here: "
        "an event is handed over once all in-sync replicas have it"
    ]
    assert found.settings["kafka_client.rack"].value == "s"
    assert found.settings["kafka_linger.ms"].value == 3


def test_missing_settings() -> None:
    """Brokers and topic are asked for; options of librdkafka are nothing to other strategies."""
    ids = dict(list(ENVIRON.items())[:3])
    assert [
        mistake.key for mistake in gather(None, {**ids, "GROWINGIO_STRATEGY": "kafka"}).mistakes
    ] == [
        "bootstrap_servers",
        "topic",
    ]
    relays = {"GROWINGIO_KAFKA_SASL_PASSWORD": "x", "GROWINGIO_KAFKA_CONFIG": "y"}
    assert gather(None, {**ids, **relays}).mistakes == []


def test_masked_settings() -> None:
    """Whoever shows settings shows no password."""
    assert masked("kafka_sasl.password", SECRET) == "***"
    assert masked("kafka_linger.ms", 3) == "3"


WITHOUT = """
    import sys
    sys.modules["confluent_kafka"] = None
    import growingio_tracker
    from growingio_tracker.kafka import topic
    assert not [name for name in sys.modules if name.startswith("confluent_kafka.")]
    try:
        growingio_tracker.KafkaConsumer("p", "d", "http://h", bootstrap_servers="h:1", topic="t")
    except growingio_tracker.MissingExtraError as error:
        print(error)
"""


def test_missing_extra() -> None:
    """Without the package the error has the line to install it, and everything else works."""
    assert 'pip install "growingio_tracker[kafka]"' in run_well(WITHOUT)


def test_imported_on_demand() -> None:
    """Importing the SDK imports nothing of Kafka; its strategy is in both places."""
    run_well(
        """
        import sys, growingio_tracker
        assert "confluent_kafka" not in sys.modules
        assert "growingio_tracker.kafka.consumer" not in sys.modules
        from growingio_tracker.kafka import KafkaConsumer
        assert growingio_tracker.KafkaConsumer is KafkaConsumer
        assert "confluent_kafka" not in sys.modules
        """
    )
