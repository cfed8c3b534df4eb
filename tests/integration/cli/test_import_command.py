"""``growingio import`` as people run it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from delivering.processes import quiet_environment
from delivering.servers import Server
from delivering.waiting import DEADLINE_S
from growingio_collector import Collector
from running_command import invoked

COMMAND = [sys.executable, "-c", "from growingio_cli import main; main()", "import"]


def start(
    url: str,
    *arguments: str | Path,
    folder: Path,
    stdin: int | None = None,
    locale: str | None = None,
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=quiet_environment(
            **settings(url), PYTHONUTF8="1", **({"LC_ALL": locale} if locale else {})
        ),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(
    url: str,
    *arguments: str | Path,
    folder: Path,
    status: int = 0,
    locale: str | None = None,
) -> str:
    """Run the command to its end in a process of its own, and return what it printed."""
    with start(url, *arguments, folder=folder, locale=locale) as process:
        printed, complaints = process.communicate(timeout=3 * DEADLINE_S)
    assert process.returncode == status, printed + complaints
    return printed + complaints


def run_here(url: str, *arguments: str | Path, folder: Path, status: int = 0) -> str:
    """Do the same in this process, which takes a tenth of the time."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        ended = invoked("import", *map(str, arguments), **settings(url))
    finally:
        os.chdir(before)
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def settings(url: str) -> dict[str, str]:
    """Return the environment that names the server."""
    return {
        "GROWINGIO_PRODUCT_ID": "p",
        "GROWINGIO_DATA_SOURCE_ID": "d",
        "GROWINGIO_SERVER_HOST": url,
    }


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
        assert "Run the same command to continue" in printed
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
    """CSV, TSV and NDJSON, compressed or not, and Parquet give the same events.

    But for the file: in the same millisecond, one of two that are the same would be a duplicate.
    """

    def row(file: str) -> dict[str, str]:
        return {"event_name": "paid", "user_id": "00123", "省": "广东", "file": file}

    def line(file: str) -> bytes:
        return json.dumps(row(file), ensure_ascii=False).encode()

    for name, separator, encoding in (("a.csv", ",", "utf-8-sig"), ("b.tsv", "\t", "utf-8")):
        lines = [separator.join(row(name)), separator.join(row(name).values()), ""]
        (tmp_path / name).write_text("\n".join(lines), encoding)
    (tmp_path / "c.jsonl").write_bytes(line("c"))
    (tmp_path / "d.ndjson.gz").write_bytes(gzip.compress(line("d")))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row("e")]), tmp_path / "e.parquet")
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
        printed = run_here(server.url, "a.csv", "--map", "map.yaml", folder=tmp_path)
        [event] = json.loads(server.received[0].body)
    assert "event_time takes effect only if" in printed
    assert event["eventName"] == "下单"
    assert event["userId"] == "0042"
    assert event["timestamp"] == event["sendTime"] == 1_699_999_980_000
    assert event["attributes"] == {"price": 15.5}


def test_dry_run(tmp_path: Path) -> None:
    """A dry run sends and writes nothing, shows a mapping that works and rows that would fail.

    Its status says whether any would.
    """
    (tmp_path / "a.csv").write_text("事件,用户ID,价格\npaid,1,5\npaid,,5\n", "utf-8")
    with Server() as server:
        printed = run_here(server.url, "a.csv", "--dry-run", folder=tmp_path, status=1)
        assert server.received == []
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
        assert "Of 2 rows, 1 would fail" in printed
        assert "row 2: anonymous_id and login_user_id are both missing" in printed
        mapping = printed.partition("\n\n")[2].partition("\n\n")[0]
        (tmp_path / "map.yaml").write_text(mapping, "utf-8")
        run_here(server.url, "a.csv", "--map", "map.yaml", folder=tmp_path, status=1)
        assert server.names == ["paid"]
        (tmp_path / "b.csv").write_text("事件,用户ID\npaid,1\n", "utf-8")
        run_here(server.url, "b.csv", "--dry-run", folder=tmp_path)


def test_j4_dry_run_reads_everything(tmp_path: Path) -> None:
    """J4: a bad row far behind and a gzip that is cut off end a dry run with 1; one in which
    nothing fits stops early."""
    rows = "event_name,user_id\n" + "paid,u\n" * 30_000
    (tmp_path / "a.csv").write_text(f"{rows}paid,\n", "utf-8")
    with Server() as server:
        printed = run_here(server.url, "a.csv", "--dry-run", folder=tmp_path, status=1)
        assert "Of 30001 rows, 1 would fail" in printed
        assert "row 30001: " in printed
        (tmp_path / "b.csv.gz").write_bytes(gzip.compress(rows.encode())[:-10])
        printed = run_here(server.url, "b.csv.gz", "--dry-run", folder=tmp_path, status=1)
        assert "cut off" in printed
        (tmp_path / "c.csv").write_text("event_name,user_id\n" + "paid,\n" * 3000, "utf-8")
        printed = run_here(server.url, "c.csv", "--dry-run", folder=tmp_path, status=1)
        assert "Of 1000 rows, 1000 would fail. The remaining rows were not read." in printed
        assert server.received == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_chinese(tmp_path: Path, workers: str) -> None:
    """For people who read Chinese, the screen and the files of failed rows have Chinese reasons.

    So has a file that cannot be read to its end.
    """
    (tmp_path / "a.csv").write_text('event_name,user_id\na,u\nb,u,3,4\nc,"u\n', "utf-8")
    (tmp_path / "b.ndjson").write_text('{"event_name":"d","user_id":"u"}\n[1]\n', "utf-8")
    cut_off = gzip.compress(b"event_name,user_id\n" + b"e,u\n" * 9999)[:-9]
    (tmp_path / "c.csv.gz").write_bytes(cut_off)
    wide, open_quote = "该行有 4 个单元格，而表头有 2 个", "该行有未闭合的引号"
    with Collector() as collector:
        arguments = ["a.csv", "b.ndjson", "--dry-run"]
        shown = run(collector.url, *arguments, folder=tmp_path, status=1, locale="zh_CN.UTF-8")
        assert f"第 2 行：{wide}" in shown
        assert f"第 3 行：{open_quote}" in shown
        assert "第 2 行：该行不是 JSON 对象：" in shown
        arguments = ["a.csv", "b.ndjson", "c.csv.gz", "--workers", workers]
        shown = run(collector.url, *arguments, folder=tmp_path, status=1, locale="zh_CN.UTF-8")
    assert "c.csv.gz 只有一部分可读：压缩数据不完整。已读取此前的行" in shown
    assert "失败的行及原因" in shown
    assert (tmp_path / "a.failed.csv").read_text("utf-8").splitlines() == [
        "growingio_import_error,event_name,user_id",
        f"{wide},b,u,3,4",
        f'{open_quote},c,"u',
    ]
    failed = json.loads((tmp_path / "b.failed.ndjson").read_text("utf-8"))
    assert failed["growingio_import_error"].startswith("该行不是 JSON 对象：")


def test_items(tmp_path: Path) -> None:
    """Rows become items with --kind item, and --set gives every row the same key."""
    (tmp_path / "a.csv").write_text("id,color\n007,red\n", "utf-8")
    with Server() as server:
        run_here(
            server.url, "a.csv", "--kind", "item", "--set", "item_key=product", folder=tmp_path
        )
        [item] = json.loads(server.received[0].body)
    assert (item["id"], item["key"], item["attributes"]) == ("007", "product", {"color": "red"})


def test_settings_and_command_line(tmp_path: Path) -> None:
    """What the command line says wins over the settings, and redact in a file is obeyed."""
    (tmp_path / "gio.toml").write_text('format = "snappy"\nredact = ["phone"]\n', "utf-8")
    (tmp_path / "a.csv").write_text("event_name,user_id,phone\nx,1,138\n", "utf-8")
    options = ("--config", "gio.toml", "--format", "json", "--data-source-id", "other")
    with Server() as server:
        run_here(server.url, "a.csv", *options, folder=tmp_path)
        [event] = json.loads(server.received[0].body)
    assert (event["dataSourceId"], event["attributes"]) == ("other", {"phone": "***"})


def test_wrong_option(tmp_path: Path) -> None:
    """An option that cannot be used is status 2, and is named."""
    (tmp_path / "a.csv").write_text("x,user_id\n1,2\n", "utf-8")
    options = ("a.csv", "--set", "event_name")
    printed = run("http://127.0.0.1:9", *options, folder=tmp_path, status=2)
    assert "--set 'event_name' is not FIELD=VALUE" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.csv",), "missing.csv is not a file"),
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
    printed = run_here("http://127.0.0.1:9", *arguments, folder=tmp_path, status=1)
    assert message in printed
    assert "Traceback" not in printed


def run_with_input(url: str, content: bytes, *arguments: str, folder: Path, status: int = 0) -> str:
    """Run the command with a standard input, and return what it printed."""
    with start(url, *arguments, folder=folder, stdin=subprocess.PIPE) as process:
        printed, complaints = process.communicate(content.decode(), timeout=3 * DEADLINE_S)
    assert process.returncode == status, printed + complaints
    return printed + complaints


def test_j4_standard_input(tmp_path: Path) -> None:
    """J4: the standard input is imported, leaves nothing behind but its failed rows."""
    with Server() as server:
        content = b"event_name,user_id\ne,u\n,u\n"
        printed = run_with_input(
            server.url, content, "-", "--input", "csv", folder=tmp_path, status=1
        )
        assert "1 delivered, 1 failed" in printed
    [kept] = tmp_path.iterdir()
    assert kept.name.startswith("stdin-")
    assert kept.name.endswith(".failed.csv")


def test_j4_standard_input_is_kept(tmp_path: Path) -> None:
    """J4: what could not be imported of the standard input is kept in a file, to be imported."""
    with Server(*[401] * 3) as server:
        content = b"event_name,user_id\ne,u\n"
        printed = run_with_input(
            server.url, content, "-", "--input", "csv", folder=tmp_path, status=1
        )
        [kept] = [path for path in tmp_path.iterdir() if path.suffix == ".csv"]
        assert str(kept) in printed
        assert "Fix the cause, then run the same command" in printed
        run_here(server.url, kept, folder=tmp_path, status=1)


@pytest.mark.parametrize("arguments", [("-",), ("-", "a.csv", "--input", "csv")])
def test_unusable_standard_input(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The standard input needs its format, and comes alone."""
    (tmp_path / "a.csv").write_text("a\n")
    run_here("http://127.0.0.1:1", *arguments, folder=tmp_path, status=2)


def test_j4_how_it_is_read(tmp_path: Path) -> None:
    """J4: a found delimiter and encoding are said, and odd ids are warned of."""
    path = tmp_path / "a.csv"
    path.write_bytes("报表\nevent_name;user_id;城市\ne;u;上海\ne;NULL;\n".encode("gbk"))
    with Server() as server:
        arguments = (path, "--skip-lines", "1")
        for status, more in ((0, ("--dry-run",)), (1, ("--dry-run", "--null", "NULL")), (0, ())):
            printed = run_here(server.url, *arguments, *more, folder=tmp_path, status=status)
            assert "GB18030, delimited by ';'" in printed
            assert ("or the like: 1." in printed) is (status == 0)


def test_j4_early_end(tmp_path: Path) -> None:
    """J4: a file in which nothing fits ends early, with the option that goes on."""
    path = tmp_path / "a.csv"
    path.write_text("event_name,user_id\n" + "e\n" * 2000, "utf-8")
    with Server() as server:
        assert "--keep-going" in run_here(server.url, path, folder=tmp_path, status=1)
        printed = run_here(server.url, path, "--keep-going", folder=tmp_path, status=1)
    assert "2000 failed" in printed


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="not here: /dev/full is a device of Linux"
)
@pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
def test_j4_full_output(tmp_path: Path, arguments: list[str]) -> None:
    """J4: an output that cannot be written is one sentence, and the rows have arrived."""
    path = tmp_path / "a.csv"
    path.write_text("event_name,user_id\npaid,u\n", "utf-8")
    with Server() as server, Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, str(path), *arguments],
            env=quiet_environment(**settings(server.url)),
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        assert (done.returncode, len(server.received)) == (1, 0 if arguments else 1)
    assert done.stderr == "The output cannot be written: No space left on device.\n"


def test_interrupted_twice(tmp_path: Path) -> None:
    """A second Ctrl-C ends the command, and at most one batch arrives twice."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{number},u\n" for number in range(3000))
    path.write_text(f"event_name,user_id\n{rows}", "utf-8")
    arguments = (path, "--batch", "100")
    with Server() as server:
        with start(server.url, *arguments, "--rate", "500", folder=tmp_path) as process:
            server.wait(3)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            printed, complaints = process.communicate(timeout=DEADLINE_S)
        assert process.returncode != 0, printed + complaints
        assert "Traceback" not in complaints
        run(server.url, *arguments, folder=tmp_path)
        assert set(server.names) == {str(number) for number in range(3000)}
        assert len(server.names) <= 3100


def test_j4_queries(tmp_path: Path) -> None:
    """J4: a query is looked at and imported like a file; a password on the command line is warned
    of, and shown nowhere."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute(
            "create table orders as select 1 as id, 'paid' as event_name, 'u' as userId"
        )
    query = ("--sql", "select * from orders", "--key", "id")
    with Server() as server:
        sqlite = ("--dsn", "sqlite:///a.db")
        assert "in the order of id" in run_here(
            server.url, *query, *sqlite, "--dry-run", folder=tmp_path
        )
        assert server.received == []
        assert "1 delivered, 0 failed" in run_here(server.url, *query, *sqlite, folder=tmp_path)
        assert "0 delivered, 0 failed" in run_here(server.url, *query, *sqlite, folder=tmp_path)
        assert server.names == ["paid"]
    secret = ("--dsn", "postgresql://u:s3cr3t@127.0.0.1:1/d")
    said = run_here("http://127.0.0.1:1", *query, *secret, folder=tmp_path, status=1)
    assert "GROWINGIO_IMPORT_DSN" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--key", "id"),
        ("--sql", "select 1"),
        ("a.csv", "--sql", "select 1", "--dsn", "sqlite://"),
        ("--sql", "select 1", "--dsn", "sqlite://", "--null", "NULL"),
    ],
)
def test_wrong_sources(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Files and queries that are missing, or both given, are wrong usage."""
    assert "Error:" in run_here("http://127.0.0.1:1", *arguments, folder=tmp_path, status=2)
