"""The programs and commands on the pages under docs/ run."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer.main

from delivering.examples import DJANGO
from growingio_cli.application import app
from growingio_collector import Collector
from installed import Installed
from pages import DOCS, blocks, chinese_pages, commands, english_pages, python_blocks
from staged import BROKERS, brokers_of, runnable, staged

README = DOCS.parent / "README.md"
WITH_PYTHON = [page for page in (*english_pages(), README) if python_blocks(page)]
WITH_COMMANDS = [page for page in (*english_pages(), README) if runnable(page)]
EVERY_PAGE = [*english_pages(), *chinese_pages(), README]

PROGRAM = """
import sys
space = {"__name__": "__main__"}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as block:
        exec(compile(block.read(), path, "exec"), space)
"""


def _with(text: str, collector: Collector, folder: Path, brokers: str) -> str:
    for placeholder, value in (
        (BROKERS, brokers),
        ("<server_host>", collector.url),
        ("http://127.0.0.1:8917", collector.url),
        ("<directory>", (folder / "spool").as_posix()),
    ):
        text = text.replace(placeholder, value)
    return text


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_programs_run(
    page: Path, installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs on a page run in order, with what it says to install, and send nothing bad."""
    with Collector() as collector, brokers_of(page) as brokers:
        programs = [tmp_path / f"block{number}.py" for number in range(len(python_blocks(page)))]
        for program, text in zip(programs, python_blocks(page), strict=True):
            program.write_text(_with(text, collector, tmp_path, brokers), encoding="utf-8")
        for block in blocks(page):
            if block.language == "toml":
                text = _with(block.text, collector, tmp_path, brokers)
                (tmp_path / "growingio.toml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        installed(page).run_well(
            "-c",
            PROGRAM,
            *map(str, programs),
            GROWINGIO_PRODUCT_ID="project",
            GROWINGIO_DATA_SOURCE_ID="source",
            GROWINGIO_SERVER_HOST=collector.url,
            DJANGO_SETTINGS_MODULE="settings",
            PYTHONPATH=str(DJANGO),
        )
        assert [event for event in collector.events() if event.verdict == "bad"] == []


@pytest.mark.once  # the words of pages; other tests run these commands on each version
@pytest.mark.skipif(
    os.name == "nt" or not shutil.which("curl"), reason="not here: no POSIX shell, or no curl"
)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_commands_run(page: Path, installed: Installed, tmp_path: Path) -> None:
    """The commands on a page succeed in order, with what it says to install."""
    with staged(tmp_path, page, installed(page)) as stage:
        for command in runnable(page):
            stage.run(command)


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
    if hasattr(found, "default_command"):
        found = found.commands[found.default_command]
    if hasattr(found, "commands") and words and not words[0].startswith("-"):
        return words[0]
    known = {name for one in found.params for name in one.opts} | {"--help"}
    own = itertools.takewhile(lambda word: word != "--", words)
    given = [word.split("=")[0] for word in own if word.startswith("--")]
    return next((option for option in given if option not in known), None)
