"""The checkpoint of a file, and the file of its failed rows."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from growingio_tracker import GrowingIOException, GrowingParamException
from growingio_tracker.bulk.checkpoint import Checkpoint, FileIdentity, ImportState, file_identity
from growingio_tracker.bulk.ndjson import NdjsonLayout
from growingio_tracker.bulk.outcomes import FailedRowsFile
from growingio_tracker.testing import FakeClock

STATE = ImportState(offset=10, rows=2, delivered=1, failed=1, failed_bytes=5)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n", "utf-8")
    return path


def owner(rows: Path, kind: str = "event", server: str = "http://s") -> FileIdentity:
    return file_identity(rows, kind, ("p", "d", server))


def test_state(rows: Path, tmp_path: Path) -> None:
    """What was saved last is read again, also when nobody closed the file."""
    first = Checkpoint(tmp_path / "c", owner(rows))
    first.save(ImportState(offset=5))
    first.save(STATE)
    shutil.copy(tmp_path / "c", tmp_path / "d")  # as a killed process leaves it
    with closing(Checkpoint(tmp_path / "d", owner(rows))) as second:
        assert second.state == STATE
    first.close()


def test_j4_one_import_at_a_time(rows: Path, tmp_path: Path) -> None:
    """J4: a second import of the same file is refused while the first is running."""
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as first:
        first.save(STATE)
        with pytest.raises(GrowingParamException, match="is running"):
            Checkpoint(tmp_path / "c", owner(rows))
        first.save(STATE)
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as third:
        assert third.state == STATE
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".lock"] == []


def test_refused_checkpoint_is_not_locked(rows: Path, tmp_path: Path) -> None:
    """A checkpoint that belongs to another import can be looked at again."""
    Checkpoint(tmp_path / "c", owner(rows)).close()
    for _ in range(2):
        with pytest.raises(GrowingParamException, match="belongs to another"):
            Checkpoint(tmp_path / "c", owner(rows, "user"))


def test_torn_line(rows: Path, tmp_path: Path) -> None:
    """A last line that was not written to its end does not count."""
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as first:
        first.save(STATE)
    with (tmp_path / "c").open("ab") as file:
        file.write(b'{"offset":99,"ro')
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as second:
        assert second.state == STATE


def test_j4_full_disk(rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """J4: a state of which a full disk takes a part is an error, and the one before it holds."""
    write = os.write
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as first:
        first.save(STATE)
        monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:20]))
        with pytest.raises(GrowingIOException, match="No space left"):
            first.save(ImportState(offset=99))
        monkeypatch.undo()
        shutil.copy(tmp_path / "c", tmp_path / "d")
        first.save(ImportState(offset=50))
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as second:
        assert second.state == STATE  # whatever got behind the torn line
    with closing(Checkpoint(tmp_path / "d", owner(rows))) as third:
        assert third.state == STATE


def test_full_disk_at_the_beginning(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that cannot be begun leaves no draft and no lock."""

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GrowingIOException, match="No space left"):
        Checkpoint(tmp_path / "c", owner(rows))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_closed(rows: Path, tmp_path: Path) -> None:
    """Who saves after the end, as a thread does behind a second Ctrl-C, writes nothing."""
    kept = Checkpoint(tmp_path / "c", owner(rows))
    kept.close()
    with pytest.raises(GrowingIOException, match="closed"):
        kept.save(STATE)


def test_size(rows: Path, tmp_path: Path) -> None:
    """The file does not grow without limit."""
    clock = FakeClock()
    with closing(Checkpoint(tmp_path / "c", owner(rows), clock)) as kept:
        for number in range(30_000):
            kept.save(ImportState(offset=number))
            clock.advance(0.01)
        assert (tmp_path / "c").stat().st_size < 1024 * 1024 + 20_000
    with closing(Checkpoint(tmp_path / "c", owner(rows))) as again:
        assert again.state == ImportState(offset=29_999)


def test_changed_file(rows: Path, tmp_path: Path) -> None:
    """The checkpoint of a file that has changed since is refused, and says what differs."""
    Checkpoint(tmp_path / "c", owner(rows)).close()
    rows.write_text("a\n1\n2\n", "utf-8")
    with pytest.raises(GrowingParamException, match="size"):
        Checkpoint(tmp_path / "c", owner(rows))


def test_touched_file(rows: Path, tmp_path: Path) -> None:
    """So is that of a file which was written again."""
    Checkpoint(tmp_path / "c", owner(rows)).close()
    os.utime(rows, (1, 1))
    with pytest.raises(GrowingParamException, match="mtime_ns"):
        Checkpoint(tmp_path / "c", owner(rows))


@pytest.mark.parametrize(
    ("kind", "server", "word"),
    [("user", "http://s", "kind"), ("event", "http://other", "destination")],
)
def test_other_import(rows: Path, tmp_path: Path, kind: str, server: str, word: str) -> None:
    """A checkpoint does not count for another kind or another destination."""
    Checkpoint(tmp_path / "c", owner(rows)).close()
    with pytest.raises(GrowingParamException, match=word):
        Checkpoint(tmp_path / "c", owner(rows, kind, server))


def test_no_checkpoint(rows: Path, tmp_path: Path) -> None:
    """A file that is no checkpoint is refused, and stays as it is."""
    (tmp_path / "c").write_text("my notes", "utf-8")
    with pytest.raises(GrowingParamException, match="not the checkpoint"):
        Checkpoint(tmp_path / "c", owner(rows))
    assert (tmp_path / "c").read_text("utf-8") == "my notes"


def test_failures_behind_checkpoint(tmp_path: Path) -> None:
    """Failed rows behind the checkpoint are forgotten, because they are imported again."""
    layout = NdjsonLayout("utf-8")
    failures = FailedRowsFile(tmp_path / "f", layout, 0)
    failures.add([(b'{"a":1}', "x")])
    size = failures.size
    failures.add([(b'{"a":2}', "x")])
    FailedRowsFile(tmp_path / "f", layout, size).add([(b'{"a":3}', "x")])
    assert [line[-6:] for line in (tmp_path / "f").read_bytes().splitlines()] == [
        b'"a":1}',
        b'"a":3}',
    ]


def test_j4_failures_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """J4: rows that cannot be kept as a whole leave no part of themselves."""

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    failures = FailedRowsFile(tmp_path / "f", NdjsonLayout("utf-8"), 0)
    for kept in (b"", b'{"growingio_import_error":"x","a":1}\n'):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(GrowingIOException, match="cannot be written"):
                failures.add([(b'{"a":2}', "x")])
        assert ((tmp_path / "f").read_bytes() if kept else b"") == kept
        assert (tmp_path / "f").exists() is bool(kept)
        if not kept:
            failures.add([(b'{"a":1}', "x")])


def test_failures_taken_away(tmp_path: Path) -> None:
    """Failed rows that somebody took away begin a new file."""
    failures = FailedRowsFile(tmp_path / "f", NdjsonLayout("utf-8"), 500)
    failures.add([(b'{"a":1}', "x")])
    assert (tmp_path / "f").read_bytes() == b'{"growingio_import_error":"x","a":1}\n'
