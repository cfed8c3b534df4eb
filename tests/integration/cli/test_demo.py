"""The demo: it passes when every event arrives as it was sent, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from growingio_cli import demo_runs
from growingio_cli.application import app
from growingio_cli.demo_runs import STRATEGIES, run
from growingio_collector import Collector, Event
from growingio_tracker.config.keys import FORMATS

GROWINGIO = Path(sys.executable).with_name("growingio")


class Forgetful(Collector):
    """Forgets the newest event."""

    def events(self, *args: object, **filters: object) -> list[Event]:
        return super().events(*args, **filters)[:-1]  # type: ignore[arg-type]


class Mistaken(Collector):
    """Shows another project than the one that was sent."""

    def events(self, *args: object, **filters: object) -> list[Event]:
        found = super().events(*args, **filters)  # type: ignore[arg-type]
        return [replace(event, raw=b'{"key":"another"}') for event in found[:1]] + found[1:]


def test_every_combination_arrives() -> None:
    """Every strategy with every format delivers all its events, each as it was sent."""
    with Collector() as collector:
        rows = list(run(collector))
    assert len(rows) == len(STRATEGIES) * len(FORMATS)
    assert [row for row in rows if row.wrong or row.arrived != row.sent] == []


@pytest.mark.parametrize(("collector", "differences"), [(Forgetful, 1), (Mistaken, 2)])
def test_a_difference_is_seen(collector: type[Collector], differences: int) -> None:
    """A missing event is one difference, a changed event two: it is missing, and unexpected."""
    with collector() as faulty:
        row = next(run(faulty))
    assert len(row.wrong) == differences


def test_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with status 1 when an event is missing, and says which."""
    monkeypatch.setattr("growingio_collector.Collector", Forgetful)
    monkeypatch.setattr(demo_runs, "ROUNDS", 1)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 1
    assert "DefaultConsumer, json: missing: {" in result.output


@pytest.mark.skipif(os.name == "nt", reason="not here: Windows has no SIGINT for one process")
def test_keep() -> None:
    """With --keep the collector goes on after the table, until Ctrl-C ends it with status 0."""
    with subprocess.Popen(
        [GROWINGIO, "demo", "--keep"], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as demo:
        assert demo.stdout is not None
        deadline = time.monotonic() + 60
        for line in demo.stdout:
            assert time.monotonic() < deadline
            if "Press Ctrl-C" in line:
                break
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
    assert demo.returncode == 0
    assert rest.endswith("Stopped.\n")
