"""Golden runs: a run as a text that does not change when only times, ids and order do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from growingio_collector import Collector
from growingio_collector.golden import difference, snapshot, write
from growingio_wire.errors import GrowingParamException
from posted import event, item


def _sent(collector: Collector, *events: object, path: str = "/v3/projects/p/collect") -> None:
    import urllib3

    assert urllib3.request("POST", collector.url + path, json=list(events)).status == 204


def _golden(*events: object) -> str:
    with Collector() as collector:
        _sent(collector, *events)
        return snapshot(collector.events())


class TestSnapshot:
    def test_text(self) -> None:
        """Each user's events stand in their order, values as they were written; it is YAML."""
        with Collector() as collector:
            _sent(collector, event("b", user="u2", attributes={"n": 1.0, "a": "x: #y"}))
            _sent(collector, event("a", user="u2", attributes={}), event("甲", user="u1"))
            _sent(collector, item("A-1", color="red"), path="/projects/p/collect/item")
            found = snapshot(collector.events())
        users = yaml.safe_load(found)
        assert users[:2] == [
            {"user": "u1", "sent": ["CUSTOM 甲"]},
            {"user": "u2", "sent": [{"CUSTOM b": {"a": "x: #y", "n": 1.0}}, "CUSTOM a"]},
        ]
        assert users[2]["all"] == "items"
        assert '"n": 1.0}' in found

    def test_times_and_ids(self) -> None:
        """Times and generated ids are the same in every run."""
        first = _golden(
            event("pay", user="8d7f0c0e-7a41-4b7d-9d0c-6c1de5a1e0aa", attributes={
                "at": 1700000000123, "day": "2024-05-06T07:08:09Z", "trace": "00ff00ff00ff00ff",
                "price": 15.5, "seen": "at 1700000000 by x",
            }),
        )  # fmt: skip
        second = _golden(
            event("pay", user="11111111-7a41-4b7d-9d0c-6c1de5a1e0aa", attributes={
                "at": 1700000009999, "day": "2025-01-01T00:00:00.5+08:00", "price": 15.5,
                "trace": "11ee11ee11ee11ee", "seen": "at 1800000000 by x",
            }),
        )  # fmt: skip
        assert first == second
        assert '"price": 15.5' in first

    def test_order_between_users(self) -> None:
        """Only the order of each user counts."""
        sent = [event(name, user=user) for user in ("u1", "u2", "u3") for name in ("a", "b")]
        mixed = sorted(range(6), key=lambda at: (at % 2, random.Random(1).random() + at))
        assert _golden(*sent) == _golden(*(sent[at] for at in mixed))
        assert _golden(*sent) != _golden(*reversed(sent))

    def test_hidden(self) -> None:
        """An attribute that is to be hidden may have any value."""
        with Collector() as collector:
            _sent(collector, event("pay", attributes={"order": "17", "n": 1}))
            assert '{"n": 1, "order": "<hidden>"}' in snapshot(collector.events(), ["order"])


class TestDifference:
    def test_comments(self, tmp_path: Path) -> None:
        """Comments and empty lines do not count."""
        golden, found = tmp_path / "golden.yaml", _golden(event("a"))
        write(golden, found)
        assert difference(golden, found) == ""
        golden.write_text("# ours\n\n" + found + "\n")
        assert difference(golden, found) == ""
        assert "+    - CUSTOM b" in difference(golden, _golden(event("a"), event("b")))

    def test_missing(self, tmp_path: Path) -> None:
        """Without the file the error says how to write it."""
        with pytest.raises(GrowingParamException, match="--update") as caught:
            difference(tmp_path / "none.yaml", "")
        assert caught.value.code == "missing"
