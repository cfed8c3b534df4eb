"""examples/README.md: each program, started from a clean copy with what its line installs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from delivering.examples import EXAMPLES
from delivering.programs import Command
from delivering.waiting import DEADLINE_S
from growingio_collector import Collector
from installed import Environment, Made, explained, wanted_by
from pages import shell_lines
from tree import ROOT

README: Final = EXAMPLES / "README.md"
SET_UP, _, TABLE = README.read_text("utf-8").partition("| program | install | run |\n")
PORT: Final = "http://127.0.0.1:8000"
"""Where gunicorn and uvicorn listen unless told otherwise."""
CURL: Final = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body "$@"; }\n'
POSIX: Final = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("curl"), reason="not here: no POSIX shell, or no curl"
)


class Example(NamedTuple):
    """A row of the table: the folder in which its commands run, and what it installs."""

    title: str
    install: str
    folder: str
    commands: tuple[list[str], ...]


def _examples() -> Iterator[Example]:
    for title, install, run in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", TABLE, re.MULTILINE):
        if title.startswith("["):
            folder, commands = "", re.findall(r"`([^`]+)`", run)
            if " && " in commands[0]:
                folder, commands[0] = commands[0].removeprefix("cd ").split(" && ")
            yield Example(title, install, folder, tuple(map(shlex.split, commands)))


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A copy of the examples; what a program leaves in it must be ignored by git."""
    copy = tmp_path / "examples"
    left_over = shutil.ignore_patterns("__pycache__", *_ignored())
    shutil.copytree(EXAMPLES, copy, ignore=left_over)
    before = set(copy.rglob("*"))
    yield copy
    left = {path.relative_to(copy) for path in set(copy.rglob("*")) - before}
    assert [path for path in left if not set(path.parts) & {"__pycache__", *_ignored()}] == []


def _ignored() -> list[str]:
    rules = (ROOT / ".gitignore").read_text("utf-8")
    return re.findall(r"^examples/\*\*/([^/\n]+)/?$", rules, re.MULTILINE)


def _variables(environment: Environment, collector: Collector) -> dict[str, str]:
    return environment.variables(
        GROWINGIO_PRODUCT_ID="project",
        GROWINGIO_DATA_SOURCE_ID="source",
        GROWINGIO_SERVER_HOST=collector.url,
        GROWINGIO_FLUSH_AFTER="0.1",
        GUNICORN_CMD_ARGS="--bind 127.0.0.1:0",
        UVICORN_PORT="0",
        PYTHONPATH="",
    )


def _of(*words: str) -> list[Example]:
    return [one for one in _examples() if one.commands[0][0] in words]


def _shell(command: str, folder: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", CURL + command],
        cwd=folder,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{explained(done.stdout + done.stderr)}"


def _environment(example: Example, made: Made) -> Environment:
    return made(wanted_by(SET_UP) | wanted_by(example.install))


def _title(example: Example) -> str:
    return re.sub(r"\W+", "-", f"{example.title} {example.commands[0][0]}").strip("-")


@POSIX
@pytest.mark.parametrize("example", _of("gunicorn", "uvicorn"), ids=_title)
def test_web(example: Example, clone: Path, made: Made) -> None:
    """A server answers the requests of the page, and sends the events that these are about."""
    requests = [line for line in shell_lines(README) if PORT in line or "manage.py" in line]
    if not example.folder:
        requests = requests[:2]
    with Collector() as collector:
        variables = _variables(_environment(example, made), collector)
        folder, [start] = clone / example.folder, example.commands
        with Command(folder, *start, **variables) as program:
            for line in requests:
                _shell(line.replace(PORT, program.address), clone, variables)
            program.stop()
            log = program.log
        subjects = [(event.device_id, event.user_id) for event in collector.events(name="buy")]
        (folder / "log").unlink()
    assert subjects == [("v-1", None), (None, "1")][: len(subjects)], explained(log)
    assert len(subjects) == (2 if example.folder else 1), explained(log)


@POSIX
@pytest.mark.parametrize("example", _of("celery"), ids=_title)
def test_worker(example: Example, clone: Path, made: Made) -> None:
    """A worker runs what the program sends it."""
    start, send = example.commands
    with Collector() as collector:
        variables = _variables(_environment(example, made), collector)
        with Command(clone, *start, **variables) as program:
            _shell(shlex.join(send), clone, variables)
            assert len(collector.wait(4, timeout=DEADLINE_S)) == 4, explained(program.log)
        (clone / "log").unlink()


@POSIX
@pytest.mark.parametrize("example", _of("python"), ids=_title)
def test_program(example: Example, clone: Path, made: Made) -> None:
    """A program ends well, and its events arrive."""
    with Collector() as collector:
        variables = _variables(_environment(example, made), collector)
        _shell(shlex.join(example.commands[0]), clone, variables)
        assert collector.events()


def test_every_row() -> None:
    """Each row of the table is one of these."""
    assert len(_of("gunicorn", "uvicorn", "celery", "python")) == len([*_examples()]) == 10
