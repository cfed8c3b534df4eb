"""``growingio import --to-files`` and ``--plan``."""

from __future__ import annotations

from pathlib import Path

import pytest

from running_command import invoked

PLAN = "events: {pay: {attributes: {amount: {type: number, required: true}}}}"


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GROWINGIO_PRODUCT_ID", "p")
    monkeypatch.setenv("GROWINGIO_DATA_SOURCE_ID", "d")
    path = tmp_path / "rows.csv"
    path.write_text("event_name,anonymous_id,amount\npay,v,1\npay,v,x\npaid,v,1\n", "utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, "utf-8")
    (tmp_path / "files").mkdir()
    return path


def test_files(rows: Path) -> None:
    """Without a server, rows become files, and those that are not as planned fail."""
    folder = rows.parent
    plan = ("--plan", str(folder / "plan.yaml"))
    ended = invoked("import", str(rows), *plan, "--to-files", str(folder / "files"))
    assert ended.returncode == 1, ended.stderr
    assert len((folder / "files" / "events-0001.jsonl").read_text("utf-8").splitlines()) == 1
    failed = (folder / "rows.failed.csv").read_text("utf-8")
    assert "amount must be of type number" in failed
    assert "paid is not planned" in failed


def test_dry_run(rows: Path) -> None:
    """A dry run compares with the plan as well."""
    plan = ("--plan", str(rows.parent / "plan.yaml"))
    ended = invoked("import", str(rows), *plan, "--dry-run")
    assert (ended.returncode, "2 would fail" in ended.stdout) == (1, True), ended.stdout
