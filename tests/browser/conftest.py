"""A browser, a collector and a page of it, for the tests of the pages."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from growingio_collector import Collector
from posted import Send

CHROMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
expect.set_options(timeout=30_000)  # as long as for everything else


@pytest.fixture(scope="module")
def chrome(playwright: Playwright) -> Iterator[Browser]:
    """Start the machine's own Chromium or, where there is none, Playwright's."""
    found = next(filter(None, map(shutil.which, CHROMES)), None)
    try:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    except Error as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"not here: no Chromium to start ({error.message.splitlines()[0]})")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Run Playwright's driver, whose event loop must not be there for other modules' tests."""
    with sync_playwright() as running:
        yield running


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """Run a collector of its own."""
    with Collector(db=tmp_path / "store.db") as running:
        yield running


@pytest.fixture
def context(chrome: Browser) -> Iterator[BrowserContext]:
    """Open a window in English, wide enough for three columns, as a new visitor has it."""
    with chrome.new_context(
        locale="en-US", viewport={"width": 1440, "height": 900}, color_scheme="light"
    ) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a tab, in which no script may fail and no policy be broken."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on(
        "console",
        lambda line: wrong.append(line.text) if "Content Security" in line.text else None,
    )
    yield tab
    assert wrong == []


@pytest.fixture
def send(collector: Collector) -> Iterator[Send]:
    """Return ``send(*events, path=…)``, which posts one request as a client would."""
    with urllib3.PoolManager(retries=False, timeout=60) as http:

        def post(*events: object, path: str = "/v3/projects/p1/collect", body: bytes = b"") -> None:
            content = body or json.dumps(events).encode()
            http.request("POST", collector.url + path, body=content)

        yield post
