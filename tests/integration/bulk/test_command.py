"""``growingio import`` as people run it."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from delivering.processes import quiet_environment
from delivering.servers import Server
from delivering.waiting import DEADLINE_S
from growingio_tracker.collector import Collector

COMMAND = [sys.executable, "-c", "from growingio_tracker.cli import main; main()", "import"]


def start(url: str, *arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=quiet_environment(
            GROWINGIO_PRODUCT_ID="p",
            GROWINGIO_DATA_SOURCE_ID="d",
            GROWINGIO_SERVER_HOST=url,
            PYTHONUTF8="1",
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(url: str, *arguments: str | Path, folder: Path, status: int = 0) -> str:
    """Run the command to its end, and return what it printed."""
    with start(url, *arguments, folder=folder) as process:
        printed, complaints = process.communicate(timeout=3 * DEADLINE_S)
    assert process.returncode == status, printed + complaints
    return printed + complaints


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_and_resume(tmp_path: Path, workers: str, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM midway, and then the same command: every row arrives once, in order."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{number},u\n" for number in range(5000))
    path.write_text(f"event_name,user_id\n{rows}", "utf-8")
    arguments = (path, "--workers", workers, "--batch", "100")
    with Server() as server:
        with start(server.url, *arguments, "--rate", "500", folder=tmp_path) as process:
            server.wait(3)
            process.send_signal(number)
            printed, complaints = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 1, printed + complaints
        assert "The same command goes on where this one ended" in printed
        assert 300 <= len(server.names) < 5000
        assert "5000 delivered, 0 failed" in run(server.url, *arguments, folder=tmp_path)
        assert server.names == [str(number) for number in range(5000)]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_and_resume(tmp_path: Path, workers: str) -> None:
    """After SIGKILL midway no row is lost, and at most one batch arrives twice."""
    path = tmp_path / "a.ndjson"
    rows = (f'{{"event_name":"{number}","user_id":"u"}}\n' for number in range(3000))
    path.write_text("".join(rows), "utf-8")
    arguments = (path, "--workers", workers, "--batch", "100")
    with Server() as server:
        with start(server.url, *arguments, "--rate", "1000", folder=tmp_path) as process:
            server.wait(5)
            process.kill()
            process.communicate(timeout=DEADLINE_S)
        run(server.url, *arguments, folder=tmp_path)
        names = server.names
    assert set(names) == {str(number) for number in range(3000)}
    assert len(names) <= 3100


def test_formats(tmp_path: Path) -> None:
    """CSV, TSV and NDJSON, compressed or not, and Parquet give the same events."""
    row = {"event_name": "paid", "user_id": "00123", "省": "广东"}
    (tmp_path / "a.csv").write_text("event_name,user_id,省\npaid,00123,广东\n", "utf-8-sig")
    (tmp_path / "b.tsv").write_text("event_name\tuser_id\t省\npaid\t00123\t广东\n", "utf-8")
    line = json.dumps(row, ensure_ascii=False).encode()
    (tmp_path / "c.jsonl").write_bytes(line)
    (tmp_path / "d.ndjson.gz").write_bytes(gzip.compress(line))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), tmp_path / "e.parquet")
    with Collector() as collector:
        run(collector.url, "a.csv", "b.tsv", "c.jsonl", "d.ndjson.gz", "e.parquet", folder=tmp_path)
        events = collector.wait(5, timeout=0)
    assert len(events) == 5
    assert {event.verdict for event in events} == {"ok"}
    assert {(event.user_id, event.attributes["省"]) for event in events} == {("00123", "广东")}


def test_mapping(tmp_path: Path) -> None:
    """A mapping in YAML decides which column becomes what, and of which type."""
    (tmp_path / "map.yaml").write_text(
        """
        fields:
          event_name: {value: 下单}
          login_user_id: 编号
          event_time: {column: 日期, format: "%Y/%m/%d %H:%M", zone: Asia/Shanghai}
        attributes:
          price: {column: 价格, type: float}
        rest: ignore
        """,
        "utf-8",
    )
    (tmp_path / "a.csv").write_text("编号,日期,价格,备注\n0042,2023/11/15 06:13,15.50,x\n", "utf-8")
    with Server() as server:
        printed = run(server.url, "a.csv", "--map", "map.yaml", folder=tmp_path)
        [event] = json.loads(server.received[0].body)
    assert "event_time takes effect only where" in printed
    assert event["eventName"] == "下单"
    assert event["userId"] == "0042"
    assert event["timestamp"] == event["sendTime"] == 1_699_999_980_000
    assert event["attributes"] == {"price": 15.5}


def test_dry_run(tmp_path: Path) -> None:
    """A dry run sends and writes nothing, shows rows that would fail, and a mapping that works."""
    (tmp_path / "a.csv").write_text("事件,用户ID,价格\npaid,1,5\npaid,,5\n", "utf-8")
    with Server() as server:
        printed = run(server.url, "a.csv", "--dry-run", folder=tmp_path)
        assert server.received == []
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
        assert "Of the first 2 rows, 1 would fail" in printed
        assert "row 2: anonymous_id and login_user_id are both missing" in printed
        mapping = printed.partition("\n\n")[2].partition("\n\n")[0]
        (tmp_path / "map.yaml").write_text(mapping, "utf-8")
        run(server.url, "a.csv", "--map", "map.yaml", folder=tmp_path, status=1)
        assert server.names == ["paid"]


def test_items(tmp_path: Path) -> None:
    """Rows become items with --kind item, and --set gives every row the same key."""
    (tmp_path / "a.csv").write_text("id,color\n007,red\n", "utf-8")
    with Server() as server:
        run(server.url, "a.csv", "--kind", "item", "--set", "item_key=product", folder=tmp_path)
        [item] = json.loads(server.received[0].body)
    assert (item["id"], item["key"], item["attributes"]) == ("007", "product", {"color": "red"})


def test_settings_and_command_line(tmp_path: Path) -> None:
    """What the command line says wins over the settings, and redact in a file is obeyed."""
    (tmp_path / "gio.toml").write_text('format = "snappy"\nredact = ["phone"]\n', "utf-8")
    (tmp_path / "a.csv").write_text("event_name,user_id,phone\nx,1,138\n", "utf-8")
    options = ("--config", "gio.toml", "--format", "json", "--data-source-id", "other")
    with Server() as server:
        run(server.url, "a.csv", *options, folder=tmp_path)
        [event] = json.loads(server.received[0].body)
    assert (event["dataSourceId"], event["attributes"]) == ("other", {"phone": "***"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.csv",), "missing.csv is not a file"),
        (("a.csv", "--set", "event_name"), "--set: 'event_name' is not FIELD=VALUE"),
        (("a.csv", "--set", "evnt_name=x"), "did you mean 'event_name'"),
        (("a.csv",), "no column is event_name"),
        (("a.csv", "--map", "bad.yaml"), "--map: bad.yaml cannot be used"),
        (("a.csv", "--encoding", "latin1"), "encoding must be one of"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """A mistake ends the command with one sentence that says what to do."""
    (tmp_path / "a.csv").write_text("x,user_id\n1,2\n", "utf-8")
    (tmp_path / "bad.yaml").write_text("feilds: {}\n", "utf-8")
    printed = run("http://127.0.0.1:9", *arguments, folder=tmp_path, status=1)
    assert message in printed
    assert "Traceback" not in printed
