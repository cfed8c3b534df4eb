"""Seeded faults against producers, brokers, relays and their server, and where events ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers import running_broker
from chaos.member import ChaosError
from chaos_kafka.course import Brokers, run
from chaos_kafka.schedule import plan
from kafka_cluster import running_cluster

EVENTS, FAULTS = 20_000, 20


def check(seed: int, directory: Path, brokers: Brokers) -> None:
    """Fail with the whole text of what should not be, which an assertion would shorten."""
    planned = plan(seed, events=EVENTS, faults=FAULTS)
    again = f"python tests/chaos_kafka_run.py --seed {seed} --events {EVENTS} --faults {FAULTS}"
    try:
        result = run(planned, directory, brokers)
    except ChaosError as error:
        pytest.fail(f"{error}\nagain with: {again}", pytrace=False)
    if objections := result.balance.objections:
        pytest.fail("\n".join([*objections, f"again with: {again}"]), pytrace=False)
    assert result.balance.acknowledged >= EVENTS


def test_faults(tmp_path: Path) -> None:
    """K1: whatever befalls relays, broker, group and server, what the broker has is delivered.

    Or it is a dead letter. It is stored twice only in a batch whose answer or commit was cut off.
    """
    with running_broker() as broker:
        check(1, tmp_path, broker)


def test_three_brokers(tmp_path: Path) -> None:
    """The same with Apache Kafka, of whose three brokers one at a time is killed and comes back."""
    (tmp_path / "brokers").mkdir()
    with running_cluster(tmp_path / "brokers") as cluster:
        check(2, tmp_path, cluster)
