"""The search of the documentation's site in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from tree import DOCS


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Serve the site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("search.html?q=overflow", "options.md"),
        ("zh-CN/search.html?q=溢出策略", "durable.zh-CN.md"),
    ],
    ids=["English", "Chinese"],
)
def test_found(address: str, page: Page, query: str, source: str) -> None:
    """A word, and a Chinese phrase in the midst of a sentence, lead to the page that has them."""
    title = (DOCS / source).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    page.goto(f"{address}/{query}")
    expect(page.locator("#search-results a", has_text=title).first).to_be_visible()
