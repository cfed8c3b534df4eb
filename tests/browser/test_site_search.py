"""The search of the documentation's site in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect


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
    ("query", "title"),
    [
        ("search.html?q=overflow", "Options"),
        ("zh-CN/search.html?q=溢出策略", "不丢事件：DurableConsumer"),
    ],
    ids=["English", "Chinese"],
)
def test_found(address: str, page: Page, query: str, title: str) -> None:
    """A word, and a Chinese phrase in the midst of a sentence, lead to the page that has them."""
    page.goto(f"{address}/{query}")
    expect(page.locator("#search-results a", has_text=title).first).to_be_visible()
