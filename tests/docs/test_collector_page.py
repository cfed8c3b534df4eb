"""docs/collector.md and its Chinese version say what is so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import urllib3

from growingio_collector import Collector
from growingio_collector.golden import difference, snapshot
from growingio_collector.testing.fixture import CollectorFixture
from posted import event
from tree import DOCS

pytest_plugins = ["pytester"]

PAGES = [DOCS / "collector.md", DOCS / "collector.zh-CN.md"]
ADDRESS = "http://127.0.0.1:8917"

STRICT = 'set -euo pipefail\ncurl() { echo; command curl -sS --fail-with-body "$@"; }\n'

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pages
@pytest.mark.skipif(
    os.name == "nt" or not shutil.which("curl"), reason="not here: no POSIX shell, or no curl"
)
def test_curl_examples_run(page: Path, growingio_collector: CollectorFixture) -> None:
    """Every curl command on the page succeeds, one after the other, and shows the event sent."""
    [send, ask] = [block.replace(ADDRESS, growingio_collector.url) for block in _blocks(page, "sh")]
    # The page waits for two events.
    program = STRICT + send + send + ask
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"order_paid"') > 5
    assert '{"deleted":2}' in done.stdout
    assert growingio_collector.events() == []


@pages
def test_python_examples_run(page: Path, growingio_collector: CollectorFixture) -> None:
    """The programs on the page run as they stand, and the first one's event arrives."""
    send, _, object_ = _blocks(page, "python")
    code = send.replace(ADDRESS, growingio_collector.url)
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
    assert growingio_collector.wait_for("order_paid", timeout=0).attributes == {"price": "15.5"}
    subprocess.run([sys.executable, "-c", object_], timeout=60, check=True)


@pages
def test_test_example_passes(page: Path, pytester: pytest.Pytester) -> None:
    """The test on the page passes as it stands."""
    _, test, _ = _blocks(page, "python")
    pytester.makepyfile(test)
    plugin = sys.modules["growingio_tracker_pytest"]
    pytester.runpytest_inprocess(plugins=[plugin]).assert_outcomes(passed=1)


@pages
def test_golden_run_is_one(page: Path, tmp_path: Path) -> None:
    """The snapshot on the page is what a run that sends such events writes."""
    [shown] = _blocks(page, "yaml")
    attributes = {"order": str(uuid4()), "price": 15.5}
    paid = event("order_paid", attributes=attributes)
    level = {"eventType": "LOGIN_USER_ATTRIBUTES", "attributes": {"level": "gold"}}
    with Collector() as collector:
        posted = [paid, {**event(""), **level, "eventName": None}]
        urllib3.request("POST", f"{collector.url}/v3/projects/p/collect", json=posted)
        golden = tmp_path / "golden.yaml"
        golden.write_text(shown, encoding="utf-8")
        assert difference(golden, snapshot(collector.events())) == ""
