"""The site that ``make docs`` builds."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import growingio_tracker
from pages import DOCS, english_pages

DIAGRAM = runpy.run_path(str(DOCS / "_site" / "diagram.py"))

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
FETCHED_BY_LINK = {"stylesheet", "preload", "icon", "prefetch", "preconnect"}


class PageReader(HTMLParser):
    """Notes the anchors of a page, where it leads to, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and FETCHED_BY_LINK & set(found.get("rel", "").split()):
            self.loads.append(found["href"])
        if LOADED.get(tag) in found:
            self.loads.append(found[LOADED[tag]])


@pytest.fixture(scope="module")
def read(site: Path) -> dict[Path, PageReader]:
    """Read every page of the site."""
    return {path: PageReader(path) for path in site.rglob("*.html")}


def test_every_page_is_there(site: Path) -> None:
    """Each page under docs/ is in the site, in both languages."""
    for page in english_pages():
        english, chinese = (site / folder / f"{page.stem}.html" for folder in ("", "zh-CN"))
        assert '<html class="no-js" lang="en"' in english.read_text("utf-8")
        assert '<html class="no-js" lang="zh-CN"' in chinese.read_text("utf-8")


def test_each_leads_to_the_other(site: Path, read: dict[Path, PageReader]) -> None:
    """Each page has a link to itself in the other language."""
    for page in english_pages():
        english, chinese = (site / folder / f"{page.stem}.html" for folder in ("", "zh-CN"))
        assert f"zh-CN/{page.stem}.html" in read[english].links
        assert f"../{page.stem}.html" in read[chinese].links


def test_every_link_leads_somewhere(read: dict[Path, PageReader]) -> None:
    """Every link between pages leads to a page, and to a place on it."""
    assert [wrong for path in read for wrong in _wrong_links(path, read)] == []


def _wrong_links(path: Path, read: dict[Path, PageReader]) -> Iterator[str]:
    for link in read[path].links:
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            yield f"{path.name}: {link}: no such file"
        anchor = unquote(parts.fragment)
        if anchor and target in read and anchor not in read[target].anchors:
            yield f"{path.name}: {link}: no such place"


def test_nothing_is_fetched(site: Path, read: dict[Path, PageReader]) -> None:
    """A browser loads nothing for the site but the site's own files."""
    for path, page in read.items():
        for load in page.loads:
            parts = urlsplit(load)
            assert not parts.netloc, load
            assert parts.scheme == "data" or (path.parent / unquote(parts.path)).is_file(), load
    assert [style for style in site.rglob("*.css") if "url(http" in style.read_text("utf-8")] == []


def test_chinese_lines_are_joined(site: Path) -> None:
    """No line of text ends between two Chinese characters, where a browser would show a space."""
    for path in (site / "zh-CN").glob("*.html"):
        shown = re.sub(r"<pre>.*?</pre>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert re.findall(r"[\u4e00-\u9fff，。；]\n[\u4e00-\u9fff]", shown) == []


@pytest.mark.parametrize("name", DIAGRAM["TEXTS"])
def test_diagram(name: str) -> None:
    """The diagram of the strategies is what diagram.py draws."""
    assert DIAGRAM["render"](name) == (DOCS / name).read_text("utf-8")


def test_reference_is_whole(site: Path, read: dict[Path, PageReader]) -> None:
    """The reference describes every public name."""
    described = {f"growingio_tracker.{name}" for name in growingio_tracker.__all__}
    described -= {"growingio_tracker.VERSION", "growingio_tracker.__version__"}
    assert described - read[site / "reference.html"].anchors == set()


def test_markdown_of_every_page(site: Path) -> None:
    """Each page is there as Markdown, in both languages, and llms.txt lists the English ones."""
    names = {page.stem for page in english_pages()}
    for folder in (site, site / "zh-CN"):
        assert {page.stem for page in folder.glob("*.md")} == names
    listed = re.findall(r"\]\((\w[\w-]*)\.md\): \S", (site / "llms.txt").read_text("utf-8"))
    assert sorted(listed) == sorted(names)


def test_markdown_links(site: Path) -> None:
    """Every relative link of the Markdown leads to a file of the site."""
    for page in (*site.glob("*.md"), *site.glob("zh-CN/*.md")):
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)", text):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"


def test_version_and_repository(site: Path, read: dict[Path, PageReader]) -> None:
    """Each page shows the version, and links to the repository and to its own Markdown."""
    repository = "https://github.com/growingio/growingio-python-sdk-v3"
    for page in english_pages():
        path = site / f"{page.stem}.html"
        assert f"growingio_tracker {growingio_tracker.VERSION}" in path.read_text("utf-8")
        assert {repository, f"{page.stem}.md"} <= set(read[path].links)
