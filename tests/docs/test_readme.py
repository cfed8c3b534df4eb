"""The README files and the pages under docs/ say what is so."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

import growingio_tracker as gio
from growingio_collector import Collector
from growingio_collector.testing.fixture import CollectorFixture
from growingio_tracker.bulk import RowMapping
from growingio_tracker.consumers.options import QueueKeywords
from growingio_tracker.consumers.tracker_options import TrackerKeywords
from growingio_tracker_snappy import SnappyParser
from tree import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
READMES = PAGES[:2]

OPTIONS = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"`(\w+)`", OPTIONS))

WITH_OPTIONS: list[Callable[..., object]] = [
    gio.GrowingTracker,
    gio.Consumer,
    gio.DefaultConsumer,
    gio.BufferedConsumer,
    gio.AsyncBufferedConsumer,
    gio.DurableConsumer,
    gio.DebugConsumer,
    gio.QueueLimits,
    gio.ExperimentOptions,
    SnappyParser,
]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_example_runs(page: Path, growingio_collector: CollectorFixture) -> None:
    """The example in each README runs as it stands, and its three messages arrive."""
    [example] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    code = example.replace("<server_host>", growingio_collector.url)
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
    events = growingio_collector.wait_for(count=3, timeout=0)
    assert sorted(event.kind for event in events) == ["event", "event", "item"]
    assert {event.verdict for event in events} == {"ok"}


def test_readmes_have_the_same_parts() -> None:
    """Both READMEs have the same number of headings, code blocks, table rows and links."""
    counts = [
        [len(re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE)) for pattern in
         (r"^#+ ", r"^```", r"^\| ", r"^    \w", r"\]\(\w[^)]*\)")]
        for page in READMES
    ]  # fmt: skip
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Every relative link leads to a file."""
    for link in re.findall(r"\]\((?!\w+:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


REPOSITORY = "https://github.com/growingio/growingio-python-sdk-v3/blob/main/"


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_readme_links_from_anywhere(page: Path) -> None:
    """A README links by whole addresses, as the package's page needs, and each leads to a file."""
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    own = [link.removeprefix(REPOSITORY) for link in links if link.startswith(REPOSITORY)]
    assert [link for link in links if not link.startswith("https://")] == []
    assert [link for link in own if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("subject", WITH_OPTIONS, ids=lambda subject: subject.__name__)
def test_every_option_is_listed(subject: Callable[..., object]) -> None:
    """docs/options.md names every parameter of every public constructor."""
    named = {
        name
        for name, parameter in inspect.signature(subject).parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    keywords = {*QueueKeywords.__annotations__, *TrackerKeywords.__annotations__}
    assert (named | keywords) - EXPLAINED == set()


COMMANDS = [
    *(f"codegen {name}" for name in ("write", "status")),
    "collector",
    "collector run",
    "decode",
    "demo",
    "doctor",
    "send",
    "diff",
    "import",
    "relay",
    "replay",
    *(f"plan {name}" for name in ("check", "draft", "report", "schema", "pull", "diff", "push")),
    *(f"kafka {name}" for name in ("list", "requeue")),
    *(f"spool {name}" for name in ("status", "list", "export", "requeue", "drain")),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_option_is_listed(command: str) -> None:
    """docs/options.md names every option of every command."""
    from growingio_cli.application import app

    page = CliRunner().invoke(
        app, [*command.split(), "--help"], env={"NO_COLOR": "1", "TERM": "dumb"}
    )
    found = set(re.findall(r"--[a-z][a-z-]+", page.output)) - {"--help"}
    assert page.exit_code == 0
    assert all(f"`growingio {command} {option}`" in OPTIONS for option in found)


def test_every_command_is_checked() -> None:
    """The list of commands whose options are checked is complete."""
    from growingio_cli.application import app

    page = CliRunner().invoke(app, ["--help"], env={"NO_COLOR": "1", "TERM": "dumb"})
    shown = set(re.findall(r"^. ([a-z]+) {2,}", page.output, re.MULTILINE))
    assert shown == {command.split()[0] for command in COMMANDS}


def test_durable_example_runs(tmp_path: Path, growingio_collector: CollectorFixture) -> None:
    """The example in docs/durable.md runs as it stands."""
    page = (ROOT / "docs" / "durable.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    code = example.replace("<server_host>", growingio_collector.url)
    code = code.replace("<directory>", tmp_path.as_posix())
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
    growingio_collector.wait_for("order_paid", timeout=0)
    with Collector() as collector:
        code = example.replace("<server_host>", collector.url)
        code = code.replace("<directory>", tmp_path.as_posix())
        subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
        assert collector.wait(1, timeout=0)[0].name == "order_paid"


IMPORT_PAGES = [ROOT / "docs" / "import.md", ROOT / "docs" / "import.zh-CN.md"]


@pytest.mark.parametrize("page", IMPORT_PAGES, ids=lambda page: page.name)
def test_import_example_runs(page: Path) -> None:
    """The Python example on each page about imports runs as it stands, and its row arrives."""
    [example] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    with Collector() as collector:
        code = example.replace("<server_host>", collector.url)
        subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
        assert collector.wait(1, timeout=0)[0].user_id == "00123"


@pytest.mark.parametrize("page", IMPORT_PAGES, ids=lambda page: page.name)
def test_import_mapping_is_one(page: Path) -> None:
    """The mapping on each page about imports can be used for events."""
    [example] = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    msgspec.yaml.decode(example, type=RowMapping).check("event")


@pytest.mark.parametrize("page", ["other-sdks.md", "other-sdks.zh-CN.md"])
def test_mappings_of_old_logs(page: str) -> None:
    """The mappings for other SDKs' log files can be used for events."""
    found = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    assert len(found) == 2
    for example in found:
        msgspec.yaml.decode(example, type=RowMapping).check("event")
