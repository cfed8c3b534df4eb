"""What docs/kafka.md says in two languages: its programs, its manifest, and its figures."""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from brokers import Broker, quick_group, running_broker
from chaos_kafka.figures import (
    EVENTS,
    FAULTS,
    LOST,
    UNEXPLAINED,
    figures_on,
    in_chinese,
    parse,
    render,
)
from delivering.processes import quiet_environment, run_well
from delivering.waiting import DEADLINE_S
from growingio_collector import Collector
from growingio_tracker.kafka import dead_letters, topic
from growingio_tracker.kafka.client import VARIABLES, in_environment, usable_options
from pages import DOCS, blocks, commands, python_blocks
from running_command import until_sigterm
from staged import BROKERS, TOPICS

PAGE: Final = DOCS / "kafka.md"
CHINESE: Final = DOCS / "kafka.zh-CN.md"
SHOWN: Final = figures_on(PAGE.read_text("utf-8"))
NAMES: Final = {"Python", "HTTP", "Retry", "After", "SIGKILL", "SIGTERM", "broker", "relay"}
EACH: Final = pytest.mark.parametrize("page", [PAGE, CHINESE], ids=lambda page: page.name)


def manifest() -> dict[str, Any]:
    """Return the objects of the manifest by their kind."""
    [block] = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    return {one["kind"]: one for one in yaml.safe_load_all(block)}


@EACH
def test_headers(page: Path) -> None:
    """Each header is explained, and no other."""
    rows = re.findall(r"^\| ((?:`growingio-[\w-]+`(?:, |、)?)+) \|", page.read_text("utf-8"), re.M)
    named = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    own = [topic.RECORD, topic.KIND, topic.PROJECT, topic.DATA_SOURCE, topic.EVENT_ID]
    assert named[: len(own)] == own
    assert set(named[len(own) :]) == dead_letters.OWN_HEADERS


@EACH
def test_variables(page: Path) -> None:
    """Each variable for librdkafka is one of its options."""
    text = page.read_text("utf-8")
    lines = re.findall(rf"^ +({VARIABLES}[A-Z_]+)[=:] ?(\S+)", text, re.MULTILINE)
    given = in_environment({name: value for name, value in lines if "LOCATION" not in name})
    assert len(given) == 4
    assert len(usable_options(given, {})) == len(given)


@pytest.mark.parametrize("version", ["1.28", "1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("kind", ["Secret", "Deployment", "PodDisruptionBudget"])
def test_manifest_schema(kind: str, version: str) -> None:
    """Every object is as Kubernetes wants it, without a field that it does not know."""
    kubernetes_validate.validate(manifest()[kind], version, strict=True)


def test_manifest_fits() -> None:
    """What objects say of each other is so: labels, ports, the secret."""
    objects = manifest()
    deployment = objects["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    [spread] = pod["topologySpreadConstraints"]
    selectors = [
        deployment["selector"],
        spread["labelSelector"],
        objects["PodDisruptionBudget"]["spec"]["selector"],
    ]
    assert all(one["matchLabels"] == labels for one in selectors)
    [relay] = pod["containers"]
    [port] = relay["ports"]
    probes = [relay[name]["httpGet"] for name in ("startupProbe", "livenessProbe")]
    assert [one["port"] for one in [*probes, relay["readinessProbe"]["httpGet"]]] == [
        port["name"]
    ] * 3
    assert f"--health=0.0.0.0:{port['containerPort']}" in relay["args"]
    [source] = relay["envFrom"]
    assert source["secretRef"]["name"] == objects["Secret"]["metadata"]["name"]


def test_manifest_is_careful() -> None:
    """The container runs as nobody of importance, within limits, and has time to end."""
    pod = manifest()["Deployment"]["spec"]["template"]["spec"]
    [relay] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert relay["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in relay["resources"]["limits"]
    assert pod["terminationGracePeriodSeconds"] >= 30


@contextmanager
def relaying(command: str, broker: Broker, server: str) -> Generator[None, None, None]:
    """Run the command of a page meanwhile."""
    words = [
        word.replace(BROKERS, broker.address).replace("https://collect.example.com", server)
        for word in shlex.split(command)[1:]
    ]
    with until_sigterm(words, quiet_environment(**quick_group()), within_s=DEADLINE_S):
        yield


def test_quick_start(tmp_path: Path) -> None:
    """The program of the page puts an event on the topic, and its command delivers it."""
    [program] = python_blocks(PAGE)
    relay = next(one for one in commands(PAGE) if one.startswith("growingio relay"))
    with running_broker() as broker, Collector() as collector:
        for name in TOPICS:
            broker.make_topic(name)
        path = tmp_path / "program.py"
        text = program.replace(BROKERS, broker.address)
        path.write_text(text.replace("<server_host>", collector.url), "utf-8")
        assert run_well(path) == "handed_over\n"
        with relaying(relay, broker, collector.url):
            [event] = collector.wait(1, name="order_paid", timeout=DEADLINE_S)
    assert event.verdict == "ok"


def test_figures() -> None:
    """The figures are what the run writes: a million events, two hundred faults, none lost."""
    figures = parse(SHOWN)
    assert render(figures) == SHOWN
    assert figures.row(LOST) == figures.row(UNEXPLAINED) == 0
    assert figures.row(EVENTS) >= 1_000_000
    assert figures.row(FAULTS) >= 200


def test_chinese_figures() -> None:
    """The Chinese page shows the same figures, and no English but names."""
    shown = figures_on(CHINESE.read_text("utf-8"))
    assert shown == in_chinese(SHOWN)
    assert set(re.findall(r"[A-Za-z]{4,}", shown)) <= NAMES
