"""The container of the manifest in docs/kafka.md, as a process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import urllib3
import yaml

from brokers import Broker, quick_group
from delivering.processes import quiet_environment
from delivering.servers import Server, free_port
from delivering.waiting import DEADLINE_S, until
from growingio_tracker import GrowingTracker, KafkaConsumer
from pages import DOCS, blocks
from running_command import until_sigterm

IN_MANIFEST = "kafka-0.kafka:9092,kafka-1.kafka:9092,kafka-2.kafka:9092/growingio-events"


def pod() -> dict[str, Any]:
    """Return the pod of the manifest."""
    [block] = [one.text for one in blocks(DOCS / "kafka.md") if one.language == "yaml"]
    [deployment] = [one for one in yaml.safe_load_all(block) if one["kind"] == "Deployment"]
    template: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return template


@contextmanager
def running(container: dict[str, Any], source: str, url: str, port: int) -> Generator[None]:
    """Run the container's command in an empty folder that it cannot write to."""
    here = {
        IN_MANIFEST: source,
        "https://collect.example.com": url,
        "0.0.0.0:8080": f"127.0.0.1:{port}",
    }
    words = [str(one) for one in container["args"]]
    for there, one in here.items():
        assert any(there in word for word in words)
        words = [word.replace(there, one) for word in words]
    environment = quiet_environment(TMPDIR="/proc", HOME="/proc", **quick_group())
    grace_s = pod()["terminationGracePeriodSeconds"]
    with until_sigterm(words, environment, within_s=grace_s, folder="/proc"):
        yield


def answers(container: dict[str, Any], probe: str, port: int) -> bool:
    """Return whether a probe of the container succeeds."""
    path = container[f"{probe}Probe"]["httpGet"]["path"]
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}{path}", retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_container(broker: Broker) -> None:
    """Its probes succeed, it delivers what is on the topic, and it ends well in its time."""
    [container] = pod()["containers"]
    topic = broker.make_topic("growingio-events")
    broker.make_topic("growingio-events.dead-letters")
    port = free_port()
    with Server() as server, running(container, f"{broker.address}/{topic}", server.url, port):
        for probe in ("startup", "liveness", "readiness"):
            until(lambda probe=probe: answers(container, probe, port), probe)  # type: ignore[misc]
        consumer = KafkaConsumer(
            "p", "d", server.url, bootstrap_servers=broker.address, topic=topic
        )
        with GrowingTracker.consumer(consumer) as tracker:
            tracker.track_custom_event("paid", login_user_id="u")
            assert tracker.flush(DEADLINE_S)
        server.wait(1)
        assert server.names == ["paid"]
