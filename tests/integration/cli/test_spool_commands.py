"""growingio spool and growingio relay, as people use them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chinese import has_chinese
from delivering.rig import track
from delivering.servers import Server, refused_url
from delivering.spools import Process
from delivering.waiting import DEADLINE_S, until
from growingio_cli.application import app
from growingio_tracker import CustomEventMessage, DurableConsumer, ItemMessage
from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_tracker.model.record import record_of
from growingio_tracker.testing import FakeClock
from growingio_wire.clock import now_ms
from growingio_wire.table import Kind

GROWINGIO = Path(sys.executable).with_name("growingio")


def spool(*arguments: object, code: int = 0) -> Result:
    """Run a command and check its exit status."""
    environment = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    result = CliRunner().invoke(app, ["spool", *map(str, arguments)], env=environment)
    assert result.exit_code == code, result.output
    return result


def leave(directory: Path, url: str, *names: str) -> None:
    """Leave events, and one item, in the spool, as a process does whose server is away."""
    process = Process(directory, Destination("p", "d", url), clock=FakeClock(now_ms()))
    for name in names:
        event = CustomEventMessage.EventBuilder().set_event_name(name).set_anonymous_id("x").build()
        process.queue.offer(Kind.EVENT, record_of(event))
    process.queue.offer(Kind.ITEM, record_of(ItemMessage("product", "1")))
    process.end()


@pytest.fixture
def refusing() -> Iterator[Server]:
    """Return a server that answers 400 to everything it is asked first."""
    with Server(*[400] * 20) as server:
        yield server


def reject(directory: Path, url: str, *names: str) -> None:
    """Let the server refuse events for good."""
    with DurableConsumer("p", "d", url, spool=directory, flush_after=3600) as consumer:
        track(consumer, *names)
        assert consumer.flush(DEADLINE_S)


def test_status(tmp_path: Path) -> None:
    """Shows what was left, for whom, and which files are in use."""
    url = refused_url()
    leave(tmp_path, url, "a", "b")
    (tmp_path / "00000000-1-2.spool").write_bytes(b"damage" * 1000)
    with DurableConsumer("q", "d", url, spool=tmp_path, flush_after=3600) as consumer:
        track(consumer, "c")
        output = spool("status", tmp_path).output
        assert f"{os.getpid()}" in output
        assert f"p at {url}" in output
        assert "left" in output
        assert "in use" in output
        assert "unreadable" in output
        assert (
            "Queued in files that no process owns: 3 events. Dead letters: 0. In use: 1 file,"
            in output
        )
        consumer.close(0)


def test_list_and_export_what_waits(tmp_path: Path) -> None:
    """--waiting shows and writes what was left, and leaves it there."""
    leave(tmp_path, refused_url(), "a", "b")
    output = spool("list", tmp_path, "--waiting").output
    assert all(f" {name} " in output for name in ("a", "b", "product"))
    assert " b " not in spool("list", tmp_path, "--waiting", "--limit", 1).output
    for _ in range(2):
        lines = spool("export", tmp_path, "--waiting").stdout.splitlines()
        assert [json.loads(line)["kind"] for line in lines] == ["event", "event", "item"]
    assert json.loads(lines[0])["record"]["eventName"] == "a"


def test_g4_list_export_requeue(tmp_path: Path, refusing: Server) -> None:
    """G4: dead letters are listed, written and requeued by number, reason or all at once."""
    reject(tmp_path, refusing.url, "a", "b", "[red]c")
    output = spool("list", tmp_path).output
    assert "status_400" in output
    assert "[red]c" in output, "names are shown as they are"
    assert spool("list", tmp_path, "--reason", "status_413").output == "Nothing to list.\n"
    target = tmp_path / "letters.ndjson"
    spool("export", tmp_path, "--output", target)
    exported = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [one["record"]["eventName"] for one in exported] == ["a", "b", "[red]c"]
    assert {one["reason"] for one in exported} == {"status_400"}

    refusing.close()
    assert "Queued again: 1 dead letter." in spool("requeue", tmp_path, 2).output
    assert [one.number for one in DeadLetters(tmp_path)] == [1, 3]
    spool("requeue", tmp_path, "--reason", "status_400")
    with Server() as server:
        spool("drain", tmp_path, "--server-host", server.url)
        assert sorted(server.names) == ["[red]c", "a", "b"]
    assert spool("list", tmp_path).output == "Nothing to list.\n"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not here: only root gives files away"
)
def test_requeue_by_root(tmp_path: Path, refusing: Server) -> None:
    """What root requeues belongs to the directory's owner, whose processes have to send it."""
    reject(tmp_path, refusing.url, "a")
    for path in [tmp_path, *tmp_path.iterdir()]:
        os.chown(path, 4321, 4321)
    spool("requeue", tmp_path, "--all")
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {4321}


def test_requeue_needs_a_choice(tmp_path: Path) -> None:
    """Without a choice, or with a number that does not exist, nothing is requeued."""
    assert "--all" in spool("requeue", tmp_path, code=2).output
    assert "there is no dead letter 7" in spool("requeue", tmp_path, 7, code=2).output


@pytest.mark.parametrize("form", ["json", "snappy", "snappy_crypt", "protobuf"])
def test_drain(tmp_path: Path, form: str) -> None:
    """Sends what was left in the chosen format, says how many, and leaves an empty directory."""
    with Server() as server:
        leave(tmp_path, server.url, "a", "b")
        output = spool("drain", tmp_path, "--format", form).output
        assert "Delivered: 3. Became dead letters: 0. Still pending: 0." in output
        assert len(server.received) == 2
    assert list(tmp_path.iterdir()) == []


def test_drain_fails(tmp_path: Path) -> None:
    """With a server that does not answer it ends with status 1, says why, and loses nothing."""
    leave(tmp_path, refused_url(), "a", "b")
    result = spool("drain", tmp_path, "--timeout", 0.1, code=1)
    assert "Still pending: 3." in result.output
    assert "no answer from http://127.0.0.1" in result.output
    assert "Queued in files that no process owns: 3 events." in spool("status", tmp_path).output


def test_why_events_are_left_in_chinese(tmp_path: Path) -> None:
    """Under a Chinese locale, drain says in Chinese why a server did not take the events."""
    chinese = {"LC_ALL": "zh_CN.UTF-8"}
    url = refused_url()
    leave(tmp_path, url, "a")
    result = CliRunner().invoke(
        app, ["spool", "drain", str(tmp_path), "--timeout", "0.1"], env=chinese
    )
    assert result.exit_code == 1
    assert "2 个仍待发送" in result.output
    (why,) = result.stderr.splitlines()
    assert url in why
    assert has_chinese(why)

    with Server(*[503] * 20) as server:
        arguments = [
            "spool",
            "drain",
            str(tmp_path),
            "--timeout",
            "0.5",
            "--server-host",
            server.url,
        ]
        result = CliRunner().invoke(app, arguments, env=chinese)
    assert "1 个事件的响应为 503；稍后重试可能成功" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="not here: no SIGTERM")
@pytest.mark.parametrize(
    ("locale", "said"),
    [("C", "left in the spool, for the next process"), ("zh_CN.UTF-8", "spool 中还有 2 个事件")],
)
def test_relay_says_why_events_are_left(tmp_path: Path, locale: str, said: str) -> None:
    """A relay whose server did not take all events says so when it ends, in one line."""
    with Server(*[503] * 200) as server:
        leave(tmp_path, server.url, "a")
        relay = subprocess.Popen(
            [GROWINGIO, "relay", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": locale, "PYTHONIOENCODING": "utf-8"},
        )
        until(lambda: server.received)
        relay.send_signal(signal.SIGTERM)
        _, error = relay.communicate(timeout=DEADLINE_S)
    (why,) = error.splitlines()
    assert said in why
    assert "503" in why


def test_drain_sends_each_where_it_belongs(tmp_path: Path) -> None:
    """Events for several servers go to each of them."""
    with Server() as one, Server() as other:
        leave(tmp_path, one.url, "a")
        leave(tmp_path, other.url, "b")
        spool("drain", tmp_path)
        assert [server.received[0].names for server in (one, other)] == [["a"], ["b"]]


def test_no_directory(tmp_path: Path) -> None:
    """A directory that does not exist is named."""
    assert "does not exist" in spool("status", tmp_path / "nowhere", code=2).output


WORKER = """
import sys
from growingio_tracker import DurableConsumer, GrowingTracker

name, url, directory = sys.argv[1:]
with DurableConsumer("p", "d", url, spool=directory, flush_after=0.05, max_size=50) as consumer:
    tracker = GrowingTracker.consumer(consumer)
    for number in range(400):
        tracker.track_custom_event(f"{name}-{number}", anonymous_id="x")
stats = consumer.stats()
assert stats.accepted - stats.adopted == 400, stats
print(stats.requests, stats.pending)
"""


@pytest.mark.skipif(os.name == "nt", reason="not here: no SIGTERM")
def test_relay(tmp_path: Path) -> None:
    """While a relay runs, it alone sends what many processes track; each event arrives once."""
    with Server() as server:
        relay = subprocess.Popen(
            [GROWINGIO, "relay", str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert relay.stdout is not None
        assert "Sending what arrives in" in relay.stdout.readline()
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, name, server.url, str(tmp_path)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in "abc"
        ]
        printed = [worker.communicate(timeout=DEADLINE_S)[0] for worker in workers]
        assert printed == ["0 0\n"] * 3, "requests and pending events of the workers"
        until(lambda: len(server.names) >= 1200)
        relay.send_signal(signal.SIGTERM)
        ended, _ = relay.communicate(timeout=DEADLINE_S)
        assert sorted(server.names) == sorted(f"{one}-{n}" for one in "abc" for n in range(400))
        assert "Stopped. 1200 delivered, 0 dead letters, 0 pending" in ended
        assert list(tmp_path.iterdir()) == []
        assert len({request.connection for request in server.received}) == 1


@pytest.mark.skipif(os.name == "nt", reason="not here: no SIGKILL")
def test_a_killed_relay_is_no_obstacle(tmp_path: Path) -> None:
    """When the relay is killed, processes send by themselves, what they had left to it included."""
    with Server() as server:
        relay = subprocess.Popen(
            [GROWINGIO, "relay", str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert relay.stdout is not None
        relay.stdout.readline()
        leave(tmp_path, server.url, "left")
        relay.kill()
        relay.communicate(timeout=DEADLINE_S)
        with DurableConsumer("p", "d", server.url, spool=tmp_path, flush_after=0) as consumer:
            track(consumer, "own")
            assert consumer.flush(DEADLINE_S)
        names = [
            name for one in server.received if one.target.count("item") == 0 for name in one.names
        ]
        assert set(names) == {"left", "own"}
