"""Programs made of one file: the packages imported from a zip, and what freezes programs."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
import urllib3

import growingio_tracker
from delivering.processes import quiet_environment

SOURCE: Final = Path(growingio_tracker.__file__).parents[1]
PACKAGES: Final = (
    "growingio_cli",
    "growingio_collector",
    "growingio_tracker",
    "growingio_tracker_snappy",
    "growingio_wire",
)
COMMAND: Final = "import growingio_cli; growingio_cli.main()"


def archive_of(folder: Path, *, data: bool = True) -> dict[str, str]:
    """Put the packages into a zip in ``folder``; return the environment that imports from it."""
    archive = folder / "program.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for package in PACKAGES:
            for path in (SOURCE / package).rglob("*"):
                kinds = (".py", ".html", ".js", ".css", ".svg", ".json") if data else (".py",)
                if path.suffix in kinds:
                    file.write(path, path.relative_to(SOURCE))
    return quiet_environment(PYTHONPATH=str(archive))


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command from a zip, with or without the packages' data."""

    def start(*arguments: str, data: bool = True) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            env=archive_of(tmp_path, data=data),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_j3_collector(command: Callable[..., subprocess.Popen[str]]) -> None:
    """J3: the collector runs from a zip, with its pages."""
    with command("collector", "--port", "0") as process:
        assert process.stdout is not None
        url = next(line for line in process.stdout if "http://" in line).split()[-1].rstrip(".")
        page = urllib3.request("GET", url, headers={"accept": "text/html"})
        icon = urllib3.request("GET", f"{url}/page/icon.svg")
        process.terminate()
        process.communicate(timeout=60)
    assert page.data.startswith(b"<!doctype html>")
    assert icon.status == 200


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("collector", "--port", "0"), "the page of the collector"),
        (("plan", "schema"), "the schema of plans"),
    ],
)
def test_j3_without_data(
    command: Callable[..., subprocess.Popen[str]], arguments: tuple[str, ...], missing: str
) -> None:
    """J3: one that was made without the packages' data says at once what is missing."""
    with command(*arguments, data=False) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith(f"{missing} is missing from this program")
    assert "Traceback" not in said


def test_j3_plan_schema(command: Callable[..., subprocess.Popen[str]]) -> None:
    """J3: the schema of plans is read from a zip, too."""
    with command("plan", "schema") as process:
        schema, said = process.communicate(timeout=60)
    assert '"$schema"' in schema, said


def test_j3_delivery(tmp_path: Path) -> None:
    """J3: a tracker imported from a zip compresses and delivers."""
    program = (
        "from growingio_tracker import BufferedConsumer, GrowingTracker\n"
        "from growingio_tracker.testing import MemoryTransport\n"
        "from growingio_tracker_snappy import SnappyParser\n"
        "transport = MemoryTransport()\n"
        "consumer = BufferedConsumer('p', 'd', 'http://x', data_parser=SnappyParser(),\n"
        "                            transport=transport)\n"
        "with GrowingTracker.consumer(consumer) as tracker:\n"
        "    tracker.track_custom_event('a', login_user_id='u')\n"
        "print(len(transport.requests), consumer.stats().delivered)"
    )
    command = [sys.executable, "-c", program]
    environment = archive_of(tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1", "1"], done.stderr


def statements(package: str) -> Iterator[str]:
    """Yield the packages that import statements in ``package`` name; freezing follows those."""
    for path in (SOURCE / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def test_j3_frozen() -> None:
    """J3: statements name what is needed at run time, so that a frozen program has it."""
    assert {"msgspec", "urllib3"} <= set(statements("growingio_tracker")) | set(
        statements("growingio_wire")
    )
    assert {"cramjam", "snappy"} <= set(statements("growingio_wire"))
