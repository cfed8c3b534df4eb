"""The programs and commands on the pages under docs/ run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from delivering.examples import DJANGO, search_path
from delivering.processes import run_well
from growingio_tracker.cli.application import app
from growingio_tracker.collector import Collector
from pages import DOCS, blocks, chinese_pages, commands, english_pages, python_blocks

WITH_PYTHON = [page for page in english_pages() if python_blocks(page)]
EVERY_PAGE = [*english_pages(), *chinese_pages(), DOCS.parent / "README.md"]

PROGRAM = """
import sys
space = {"__name__": "__main__"}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as block:
        exec(compile(block.read(), path, "exec"), space)
"""


def _with(text: str, collector: Collector, folder: Path) -> str:
    for placeholder, value in (
        ("<server_host>", collector.url),
        ("http://127.0.0.1:8917", collector.url),
        ("<directory>", (folder / "spool").as_posix()),
    ):
        text = text.replace(placeholder, value)
    return text


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_programs_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs on a page run one after the other, and what they send is without a fault."""
    with Collector() as collector:
        programs = [tmp_path / f"block{number}.py" for number in range(len(python_blocks(page)))]
        for program, text in zip(programs, python_blocks(page), strict=True):
            program.write_text(_with(text, collector, tmp_path), encoding="utf-8")
        for block in blocks(page):
            if block.language == "toml":
                text = _with(block.text, collector, tmp_path)
                (tmp_path / "growingio.toml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        run_well(
            PROGRAM,
            *map(str, programs),
            GROWINGIO_PRODUCT_ID="project",
            GROWINGIO_DATA_SOURCE_ID="source",
            GROWINGIO_SERVER_HOST=collector.url,
            DJANGO_SETTINGS_MODULE="settings",
            PYTHONPATH=search_path(DJANGO),
        )
        assert [event for event in collector.events() if event.verdict == "bad"] == []


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    """Each ``growingio …`` in a block of commands is a command that has the options it is given."""
    for command in commands(page):
        unknown = _unknown(shlex.split(command)[1:])
        assert unknown is None, f"{command}: there is no {unknown}"


def _unknown(words: list[str]) -> str | None:
    found: Any = typer.main.get_command(app)
    while words and words[0] in getattr(found, "commands", ()):
        found = found.commands[words.pop(0)]
    if hasattr(found, "commands") and words and not words[0].startswith("-"):
        return words[0]
    known = {name for one in found.params for name in one.opts} | {"--help"}
    given = [word.split("=")[0] for word in words if word.startswith("--")]
    return next((option for option in given if option not in known), None)
