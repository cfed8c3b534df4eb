"""Files and rows against real servers."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from delivering.servers import BlackHole, LockedServer, Received, Server, refused_url, reply
from delivering.waiting import Running
from growingio_tracker import DefaultConsumer, GrowingIOException, GrowingParamException
from growingio_tracker.bulk import (
    FailedRow,
    FileOptions,
    Progress,
    RowMapping,
    Summary,
    import_files,
    import_rows,
)
from growingio_tracker_snappy import SnappyParser


def consumer(url: str, data_parser: SnappyParser | None = None) -> DefaultConsumer:
    return DefaultConsumer("p", "d", url, data_parser, retry_backoff_factor=0.001)


def ndjson(path: Path, count: int, first: int = 0) -> Path:
    """Write rows whose event names are numbers."""
    path.write_text(
        "".join(
            f'{{"event_name":"{number}","user_id":"u"}}\n' for number in range(first, first + count)
        ),
        "utf-8",
    )
    return path


def run(paths: list[Path], url: str, **options: Any) -> Summary:
    return import_files(paths, consumer(url), **options)


def numbers(count: int, first: int = 0) -> list[str]:
    return [str(number) for number in range(first, first + count)]


@pytest.mark.parametrize("workers", [1, 2])
def test_order(tmp_path: Path, workers: int) -> None:
    """The rows of each file arrive in its order, once each, in full batches."""
    paths = [ndjson(tmp_path / f"{place}.ndjson", 1200, place * 10_000) for place in range(3)]
    with Server() as server:
        summary = run(paths, server.url, workers=workers)
        names = server.names
    assert (summary.delivered, summary.failed, summary.is_complete) == (3600, 0, True)
    for place in range(3):
        mine = [name for name in names if int(name) // 10_000 == place]
        assert mine == numbers(1200, place * 10_000)
    assert sorted(len(request.names) for request in server.received) == [200] * 3 + [500] * 6


def test_second_run(tmp_path: Path) -> None:
    """A file that has been imported is not imported again."""
    path = ndjson(tmp_path / "a.ndjson", 10)
    with Server() as server:
        run([path], server.url)
        summary = run([path], server.url)
        assert (len(server.received), summary.rows_now, summary.delivered) == (1, 0, 10)


def test_retries(tmp_path: Path) -> None:
    """Errors of the server, also more than the consumer repeats, cost no row."""
    path = ndjson(tmp_path / "a.ndjson", 100)
    with Server(*[503] * 6, None) as server:
        summary = run([path], server.url, batch_rows=50)
        assert (summary.delivered, summary.is_complete) == (100, True)


def test_refused_access(tmp_path: Path) -> None:
    """An answer that blames address or access ends the import at once; a later run goes on."""
    path = ndjson(tmp_path / "a.ndjson", 100)
    with LockedServer(after=1) as server:
        summary = run([path], server.url, batch_rows=50)
        assert (summary.delivered, summary.failed, summary.is_complete) == (50, 0, False)
        assert "401" in str(summary.files[0].error)
        assert not summary.files[0].retry_helps
        server.unlock()
        summary = run([path], server.url, batch_rows=50)
        assert (summary.delivered, summary.rows_now, summary.is_complete) == (100, 50, True)
    assert [request.names[0] for request in server.accepted] == ["0", "50"]


def test_nobody_there(tmp_path: Path) -> None:
    """A server that is out of reach for too long ends the import, and no row is lost."""
    path = ndjson(tmp_path / "a.ndjson", 10)
    summary = run([path], refused_url(), patience_s=0)
    assert (summary.delivered, summary.failed, summary.is_complete) == (0, 0, False)
    assert summary.files[0].retry_helps


class PickyServer(Server):
    """Answers 400 to every request with a certain event."""

    def __init__(self, bad: str) -> None:
        super().__init__()
        self._bad = bad

    def _answer(self, connection: socket.socket, request: Received) -> bool:
        refused = self._bad in request.names
        self.answer_next(reply(400, body=b"no such event") if refused else 204)
        return super()._answer(connection, request)


def test_server_refuses_row(tmp_path: Path) -> None:
    """A row that the server refuses is in the file of failed rows with its answer; the others of
    the batch are delivered."""
    path = ndjson(tmp_path / "a.ndjson", 100)
    with PickyServer("37") as server:
        summary = run([path], server.url)
    assert (summary.delivered, summary.failed) == (99, 1)
    [line] = (tmp_path / "a.failed.ndjson").read_text("utf-8").splitlines()
    row = json.loads(line)
    assert row["event_name"] == "37"
    assert "400: no such event" in row["growingio_import_error"]


@pytest.mark.parametrize("workers", [1, 2])
def test_failed_rows_round_trip(tmp_path: Path, workers: int) -> None:
    """Failed rows, repaired, are imported from their file, and then all have arrived."""
    path = tmp_path / "a.csv"
    rows = ["event_name,user_id,备注"]
    rows += [f'{number},{"u" if number % 10 else ""},"多\n行"' for number in range(1000)]
    path.write_text("\n".join(rows), "utf-8")
    with Server() as server:
        summary = run([path], server.url, workers=workers)
        assert (summary.delivered, summary.failed) == (900, 100)
        failed = Path(str(summary.files[0].failed_path))
        assert failed.name == "a.failed.csv"
        failed.write_text(failed.read_text("utf-8").replace(',,"多', ',u,"多'), "utf-8")
        again = run([failed], server.url, workers=workers)
        assert (again.delivered, again.failed) == (100, 0)
        events = [event for request in server.received for event in json.loads(request.body)]
    assert sorted(int(event["eventName"]) for event in events) == list(range(1000))
    assert {msgspec.json.encode(event["attributes"]) for event in events} == {
        '{"备注":"多\\n行"}'.encode()
    }


def test_resuming_in_another_language(tmp_path: Path) -> None:
    """An import that goes on in another language has both in its file of failed rows."""
    path = tmp_path / "a.ndjson"
    good = '{"event_name":"e","user_id":"u"}'
    path.write_text("\n".join(['{"event_name":"e","props":1}', good, good, "[1]"]), "utf-8")
    mapping = RowMapping(
        {"event_name": "event_name", "login_user_id": "user_id"}, spread=("props",)
    )
    options: dict[str, Any] = {"mapping": mapping, "batch_rows": 2}
    with LockedServer(after=1) as server:
        assert not run([path], server.url, **options, language="zh").is_complete
        server.unlock()
        summary = run([path], server.url, **options)
    assert (summary.delivered, summary.failed, summary.is_complete) == (2, 2, True)
    rows = map(json.loads, (tmp_path / "a.failed.ndjson").read_text("utf-8").splitlines())
    first, second = (row["growingio_import_error"] for row in rows)
    assert first == "props 必须是对象，而不是 int"
    assert second.startswith("the row is not a JSON object")


def test_chinese_reasons() -> None:
    """Why rows from Python fail, here or at the server, is told in the language asked for."""
    rows = [{"event_name": "37", "login_user_id": "u"}, {"event_name": "e", "login_user_id": "u"}]
    rows[1]["note"] = "x" * 2000
    failed: list[str] = []
    with PickyServer("37") as server:
        import_rows(
            rows,
            consumer(server.url),
            max_event_bytes=1000,
            on_failed=lambda one, _: failed.append(one.reason),
            language="zh",
        )
    refused, too_long = failed
    assert refused == "采集服务拒绝了该行，状态码为 400：no such event"
    assert re.fullmatch(r"记录有 \d+ 字节，而 max_event_bytes 为 1000", too_long)


def test_unknown_language() -> None:
    """Another language is refused, in both."""
    with pytest.raises(GrowingParamException) as caught:
        import_rows([], consumer("http://127.0.0.1:9"), language="fr")  # type: ignore[arg-type]
    assert caught.value.argument == "language"
    assert caught.value.said.zh == "language 必须是以下之一：en、zh，而不是 'fr'"


def test_old_failed_rows(tmp_path: Path) -> None:
    """Failed rows of an earlier import are not overwritten."""
    path = ndjson(tmp_path / "a.ndjson", 1)
    (tmp_path / "a.failed.ndjson").write_text("mine", "utf-8")
    with pytest.raises(GrowingParamException, match="move it away"):
        run([path], "http://127.0.0.1:9")


def test_shared_names(tmp_path: Path) -> None:
    """Two files whose failed rows would be in one file are refused."""
    paths = [ndjson(tmp_path / "a.ndjson", 1), ndjson(tmp_path / "a.jsonl", 1)]
    with pytest.raises(GrowingParamException, match="would share"):
        run(paths, "http://127.0.0.1:9")


def test_stop(tmp_path: Path) -> None:
    """A stopped import ends before its next batch; the next run sends the rest, nothing twice."""
    path = ndjson(tmp_path / "a.ndjson", 1000)
    stop = threading.Event()
    with Server() as server:
        # A second passes between two batches, so the import is stopped while it waits.
        summary = run(
            [path], server.url, rate=100, stop=stop, on_progress=lambda _progress: stop.set()
        )
        assert not summary.is_complete
        assert 0 < summary.delivered < 1000
        assert run([path], server.url, batch_rows=70).is_complete
        assert server.names == numbers(1000)


def test_stop_at_silent_server(tmp_path: Path) -> None:
    """Stopping ends an import although the server says nothing."""
    path = ndjson(tmp_path / "a.ndjson", 10)
    stop = threading.Event()
    with BlackHole() as server:
        importing = Running(lambda: run([path], server.url, stop=stop))
        server.wait(1)
        stop.set()
        summary = importing.wait()
        assert isinstance(summary, Summary)
    assert (summary.delivered, summary.is_complete) == (0, False)


def test_rate(tmp_path: Path) -> None:
    """No more rows leave than the rate allows."""
    path = ndjson(tmp_path / "a.ndjson", 100)
    with Server() as server:
        summary = run([path], server.url, rate=200, batch_rows=20)
    assert summary.seconds >= 0.4  # the last of five batches leaves after four fifths of 0.5 s


def test_format(tmp_path: Path) -> None:
    """The format of the consumer is the format of the import."""
    path = ndjson(tmp_path / "a.ndjson", 10)
    with Server() as server:
        import_files([path], consumer(server.url, SnappyParser()))
        assert server.received[0].headers["x-compress-codec"] == "2"


def test_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sending is switched off, nothing is imported."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    with pytest.raises(GrowingParamException, match="GROWINGIO_DISABLED"):
        run([ndjson(tmp_path / "a.ndjson", 1)], "http://127.0.0.1:9")


def test_progress_that_raises(tmp_path: Path) -> None:
    """A progress callback that raises ends the import of its file, and says so."""

    def broken(_progress: Progress) -> None:
        raise RuntimeError("broken display")

    with Server() as server:
        path = ndjson(tmp_path / "a.ndjson", 10)
        summary = run([path], server.url, on_progress=broken)
        assert summary.files[0].error == "RuntimeError: broken display"
        assert run([path], server.url).is_complete
        assert len(server.received) == 1


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"rate": 0}, {"batch_rows": 0}, {"patience_s": -1}, {"language": "fr"}],
)
def test_options(tmp_path: Path, options: dict[str, Any]) -> None:
    """An option that cannot be used is named."""
    with pytest.raises(GrowingParamException, match=next(iter(options))):
        run([ndjson(tmp_path / "a.ndjson", 1)], "http://127.0.0.1:9", **options)


def test_rows() -> None:
    """Rows from Python arrive in their order; the callbacks get what failed, and the counts."""
    rows = [{"event_name": str(number), "login_user_id": "u", "n": number} for number in range(95)]
    rows[7] = {"event_name": "7"}
    failed: list[tuple[FailedRow, object]] = []
    seen: list[Progress] = []
    with PickyServer("42") as server:
        done = import_rows(
            iter(rows),
            consumer(server.url),
            batch_rows=10,
            on_failed=lambda one, row: failed.append((one, row)),
            on_progress=seen.append,
        )
    assert done == Progress(rows=95, delivered=93, failed=2)
    assert [(one.number, row) for one, row in failed] == [(8, rows[7]), (43, rows[42])]
    assert [progress.rows for progress in seen] == [*range(10, 100, 10), 95]
    assert rows[0] == {"event_name": "0", "login_user_id": "u", "n": 0}


def test_rows_of_items() -> None:
    """Rows from Python can become items, by a mapping."""
    mapping = RowMapping(fields={"item_key": "table", "item_id": "id"})
    with Server() as server:
        import_rows(
            [{"table": "product", "id": "007", "color": "red"}],
            consumer(server.url),
            kind="item",
            mapping=mapping,
        )
        [request] = server.received
    assert request.target.startswith("/projects/p/collect/item?")
    assert json.loads(request.body)[0]["id"] == "007"


def test_rows_at_wrong_address() -> None:
    """An answer that blames the address raises."""
    with Server(404) as server, pytest.raises(GrowingIOException, match="404"):
        import_rows([{"event_name": "e", "login_user_id": "u"}], consumer(server.url))


@pytest.mark.parametrize("workers", [1, 2])
def test_j4_early_end(tmp_path: Path, workers: int) -> None:
    """J4: when the first 1,000 rows have all failed, it ends as if it had not begun."""
    path = tmp_path / "a.csv"
    path.write_text("event_name,user\n" + "e,\n" * 3000 + "e,u\n", "utf-8")
    mapping = RowMapping(fields={"event_name": "event_name", "login_user_id": "user"})
    with Server() as server:
        summary = run([path], server.url, mapping=mapping, workers=workers)
        assert (summary.delivered, summary.failed, summary.is_complete) == (0, 0, False)
        assert "both missing" in str(summary.files[0].error)
        assert not (tmp_path / "a.failed.csv").exists()
        summary = run([path], server.url, mapping=mapping, workers=workers, keep_going=True)
        assert (summary.delivered, summary.failed, summary.is_complete) == (1, 3000, True)


def test_j4_failures_are_kept_first(tmp_path: Path) -> None:
    """J4: where failed rows cannot be kept, nothing of their batch is sent, and it is said."""
    path = tmp_path / "a.csv"
    path.write_text("event_name,user_id\ne,u\ne\n", "utf-8")
    (tmp_path / "a.failed.csv").symlink_to(tmp_path / "nowhere" / "a")
    with Server() as server:
        summary = run([path], server.url)
    assert server.received == []
    assert "failed rows cannot be written" in str(summary.files[0].error)


@pytest.mark.parametrize("workers", [1, 2])
def test_j2_long_cells(tmp_path: Path, workers: int) -> None:
    """J2: a cell that is longer than csv's limit is read by any number of workers."""
    path = tmp_path / "a.csv"
    path.write_text(f"event_name,user_id,note\ne,u,{'x' * 200_000}\n", "utf-8")
    with Server() as server:
        summary = run([path], server.url, workers=workers)
    assert (summary.delivered, summary.failed) == (1, 0)


def test_j4_odd_ids(tmp_path: Path) -> None:
    """J4: ids that read like a missing value are counted, and can be left out."""
    path = tmp_path / "a.csv"
    path.write_text("event_name,user_id\ne,u\ne,NULL\ne,\\N\ne,undefined\ne,nan\n", "utf-8")
    with Server() as server:
        summary = run([path], server.url, state_dir=tmp_path)
        assert (summary.delivered, summary.odd_ids) == (5, 4)
        (tmp_path / "a.csv.checkpoint").unlink()
        options = FileOptions(nulls=("NULL", "\\N", "undefined", "nan"))
        summary = run([path], server.url, options=options)
    assert (summary.delivered, summary.failed, summary.odd_ids) == (1, 4, 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_j4_cut_off_gzip(tmp_path: Path, workers: int) -> None:
    """J4: what can be read of a cut-off gzip is delivered, and the import is not complete."""
    path = tmp_path / "a.csv.gz"
    notes = "".join(f"e,u{n},{os.urandom(20).hex()}\n" for n in range(3000))
    path.write_bytes(gzip.compress(f"event_name,user_id,note\n{notes}".encode())[:-40])
    with Server() as server:
        summary = run([path], server.url, workers=workers)
    assert summary.delivered > 2900
    assert not summary.is_complete
    assert "cut off" in str(summary.files[0].error)


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes"])
def test_j4_changed_while_read(tmp_path: Path, change: str) -> None:
    """J4: nothing says that everything was read of a file which changed meanwhile."""
    path = ndjson(tmp_path / "a.ndjson", 200)

    def changed(_progress: Progress) -> None:
        if change == "grows":
            ndjson(tmp_path / "a.ndjson", 300)
        elif change == "shrinks":
            os.truncate(path, path.stat().st_size - 20)
        else:
            path.unlink(missing_ok=True)

    with Server() as server:
        summary = run([path], server.url, batch_rows=50, on_progress=changed)
    assert not summary.is_complete
    assert "changed while it was being read" in str(summary.files[0].error)


@pytest.mark.parametrize(("count", "word"), [(300, "size"), (100, "size"), (200, "mtime")])
def test_j4_changed_since(tmp_path: Path, count: int, word: str) -> None:
    """J4: an import does not go on in a file that has grown, shrunk or been written again."""
    path, stop = ndjson(tmp_path / "a.ndjson", 200), threading.Event()
    with Server() as server:
        run(
            [path], server.url, batch_rows=50, rate=100, stop=stop, on_progress=lambda _: stop.set()
        )
        arrived = len(server.names)
        os.utime(ndjson(path, count), (1, 1))
        with pytest.raises(GrowingParamException, match=word):
            run([path], server.url)
        assert len(server.names) == arrived
