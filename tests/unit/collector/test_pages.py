"""The files of the page, and who gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

import growingio_collector
from growingio_collector import Collector, pages
from growingio_collector.settings import Serving
from growingio_wire.table import EVENT_TYPES

PAGE = Path(growingio_collector.__file__).with_name("page")
JAVA = "text/html, image/gif, image/jpeg, */*; q=0.2"
TEXT = b"GrowingIO collector"


class Server:
    """What a collector answers to whoever looks around."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return urllib3.request("GET", self._url + path, headers=sent, timeout=10)

    def page(self, language: str) -> str:
        answer = self.get("/", accept="text/html", accept_language=language)
        assert answer.status == 200
        return answer.data.decode()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Collector() as collector:
        yield Server(collector.port)


def _all(suffix: str) -> str:
    return "\n".join(file.read_text("utf-8") for file in sorted(PAGE.rglob(f"*{suffix}")))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh-TW;q=0.5", "zh-CN"),
        ("en;q=0.1, zh;q=0.2", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("zh;q=x, de", "en"),
        ("de,*", "en"),
    ],
)
def test_preferred_language(accepted: str, language: str) -> None:
    """The language with the greatest weight among the two wins; English when neither is named."""
    assert pages.preferred_language(accepted) == language


class TestHome:
    def test_by_accept(self, server: Server) -> None:
        """Browsers and the Java SDK's look at / get the page, all others the text."""
        for accept, is_page in ((JAVA, True), ("text/html", True), ("*/*", False), ("", False)):
            answer = server.get("/", accept=accept)
            assert answer.status == 200
            assert (b"<!doctype html>" in answer.data) is is_page
            assert answer.data.startswith(TEXT) is not is_page

    def test_language(self, server: Server) -> None:
        """The page says its language: the one that was chosen, else the browser's."""
        assert '<html lang="zh-CN"' in server.page("zh")
        assert '<html lang="en"' in server.page("en")
        with Collector(serving=Serving(lang="en")) as english:
            assert '<html lang="en"' in Server(english.port).page("zh")

    def test_policy(self, server: Server) -> None:
        """The page and its files allow no script or style but their own, and no frame."""
        for path in ("/", "/page/js/main.js", "/page/css/base.css"):
            headers = server.get(path, accept="text/html").headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-cache"

    def test_files(self, server: Server) -> None:
        """A file is answered with its type, not again when it is known, and no other file ever."""
        script = server.get("/page/js/main.js")
        assert script.headers["content-type"].startswith("text/javascript")
        known = server.get("/page/js/main.js", if_none_match=script.headers["etag"])
        assert (known.status, known.data) == (304, b"")
        for path in (
            "/page/",
            "/page/nothing.js",
            "/page/%2e%2e/app.py",
            "/page/js/..%2f..%2fapp.py",
        ):
            assert server.get(path).status == 404


class TestFiles:
    def test_nothing_from_outside(self) -> None:
        """No file loads anything from another place."""
        markup, styles, scripts = _all(".html"), _all(".css"), _all(".js")
        assert re.findall(r"(?:src|href)=\"(?!/page/)", markup) == []
        assert re.findall(r"url\(|@import", styles) == []
        assert re.findall(r"(?:from |import\()\"(?!\.)", scripts) == []

    def test_nothing_inline(self) -> None:
        """The markup holds no script, style or handler of its own."""
        markup = _all(".html")
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script>", markup) == []

    def test_text_only(self) -> None:
        """No script turns text into markup or code."""
        forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert re.findall(forbidden, _all(".js")) == []

    def test_types(self) -> None:
        """The list of names knows every event type of the wire."""
        names = (PAGE / "js" / "live" / "names.js").read_text("utf-8")
        assert [name for name in EVENT_TYPES if f'"{name}"' not in names] == []

    def test_small(self) -> None:
        """No script is longer than 250 lines."""
        long = [
            file.name
            for file in PAGE.rglob("*.js")
            if len(file.read_text("utf-8").splitlines()) > 250
        ]
        assert long == []
