"""Files for the platform's own importer."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from growingio_tracker import DefaultConsumer, GrowingIOException
from growingio_tracker.bulk import import_rows
from growingio_tracker.bulk.mapping import RowKind
from growingio_tracker.bulk.platform_files import NOWHERE, PlatformFiles


def _import(files: PlatformFiles, kind: RowKind, *rows: Mapping[str, object]) -> int:
    consumer = DefaultConsumer("p", "d", NOWHERE, transport=files)
    return import_rows(rows, consumer, kind=kind).delivered


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_events(tmp_path: Path) -> None:
    """Events have the importer's names, users and visitors apart."""
    files = PlatformFiles(tmp_path)
    row = {"event_name": "pay", "event_time": 1_700_000_000_000, "价格": 3}
    user = {**row, "login_user_id": "u", "login_user_key": "phone"}
    assert _import(files, "event", user, {**row, "anonymous_id": "v"}) == 2
    same = {"event": "pay", "timestamp": 1_700_000_000_000, "dataSourceId": "d"}
    assert _lines(tmp_path / "events-0001.jsonl") == [
        {"userId": "u", "userKey": "phone", "attrs": {"价格": 3}, **same},
        {"anonymousId": "v", "attrs": {"价格": 3}, **same},
    ]


def test_users_and_items(tmp_path: Path) -> None:
    """Users have a file, and items one for each key, which never leaves the folder."""
    files = PlatformFiles(tmp_path)
    _import(files, "user", {"login_user_id": "u", "level": 3})
    _import(files, "item", {"item_key": "../goods", "item_id": "7", "price": 2})
    assert _lines(tmp_path / "users-0001.jsonl") == [{"userId": "u", "attrs": {"level": 3}}]
    assert _lines(tmp_path / "items-.._goods-0001.jsonl") == [
        {"item_id": "7", "attrs": {"price": 2}}
    ]


def test_size(tmp_path: Path) -> None:
    """A file that is large enough is followed by another, and none is ever changed again."""
    row = {"event_name": "pay", "anonymous_id": "v"}
    files = PlatformFiles(tmp_path, max_bytes=1)
    consumer = DefaultConsumer("p", "d", NOWHERE, transport=files)
    import_rows([row] * 3, consumer, batch_rows=1)
    _import(PlatformFiles(tmp_path), "event", row)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"events-000{number}.jsonl" for number in (1, 2, 3, 4)
    ]
    assert {len(_lines(path)) for path in tmp_path.iterdir()} == {1}


def test_unwritable(tmp_path: Path) -> None:
    """A folder that cannot be written ends the import."""
    files = PlatformFiles(tmp_path / "no")
    consumer = DefaultConsumer("p", "d", NOWHERE, retry_limit=0, transport=files)
    with pytest.raises(GrowingIOException, match="cannot be written"):
        import_rows([{"event_name": "a", "anonymous_id": "v"}], consumer, patience_s=0)


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full leaves neither half a batch nor an empty file; a retry writes once."""
    sync, is_full = os.fsync, [False, True]

    def fsync(file: int) -> None:
        if is_full and is_full.pop(0):
            raise OSError(errno.ENOSPC, "full")
        sync(file)

    monkeypatch.setattr("growingio_tracker.bulk.platform_files.os.fsync", fsync)
    files = PlatformFiles(tmp_path)
    rows = [{"item_key": key, "item_id": "7"} for key in ("a", "b")]
    consumer = DefaultConsumer("p", "d", NOWHERE, retry_limit=0, transport=files)
    with pytest.raises(GrowingIOException, match="full"):
        import_rows(rows, consumer, kind="item", patience_s=0)
    assert list(tmp_path.iterdir()) == []
    assert _import(files, "item", *rows) == 2
    assert {path.name: len(_lines(path)) for path in files.written} == {
        "items-a-0001.jsonl": 1,
        "items-b-0001.jsonl": 1,
    }
