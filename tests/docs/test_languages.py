"""Every page under docs/ is there in English and in Chinese, and both say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from installed import wanted_by
from pages import blocks, chinese_pages, english_pages, in_chinese, indented_lines, prose

PAIRS = [(page, in_chinese(page)) for page in english_pages()]
pairs = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].stem)

Pair = tuple[Path, Path]

HANDWRITTEN = ("python", "sh", "html", "{eval-rst}")
PARTS = (r"^# ", r"^## ", r"^### ", r"^\| ", r"^- ", r"!\[")
ENGLISH_WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){5,}")


def test_none_is_alone() -> None:
    """No page is in one language only."""
    assert [chinese for _, chinese in PAIRS] == chinese_pages()


@pairs
def test_same_parts(pair: Pair) -> None:
    """Both have the same number of headings of each level, table rows, list items and images."""
    shapes = [[len(re.findall(one, prose(page), re.MULTILINE)) for one in PARTS] for page in pair]
    assert shapes[0] == shapes[1]


@pairs
def test_same_code(pair: Pair) -> None:
    """Both have the same blocks, in their order, and those of programs differ in comments only."""
    shapes = [
        [
            (block.language, block.without_comments if block.language in HANDWRITTEN else "")
            for block in blocks(page)
        ]
        for page in pair
    ]
    assert shapes[0] == shapes[1]


@pairs
def test_same_commands(pair: Pair) -> None:
    """Both have the same number of lines in indented blocks."""
    english, chinese = (len(indented_lines(page)) for page in pair)
    assert english == chinese


@pairs
def test_same_packages(pair: Pair) -> None:
    """Both tell their readers to install the same."""
    english, chinese = (wanted_by(page.read_text("utf-8")) for page in pair)
    assert english == chinese


@pairs
def test_same_rows(pair: Pair) -> None:
    """The rows of tables begin with the same code, such as an option's name, in both."""
    english, chinese = (re.findall(r"^\| `([^`]+)`", prose(page), re.MULTILINE) for page in pair)
    assert english == chinese


@pairs
def test_each_leads_to_the_other(pair: Pair) -> None:
    """Behind its title, a page has a link to itself in the other language."""
    english, chinese = pair
    assert english.read_text("utf-8").split("\n")[2] == f"[中文]({chinese.name})"
    assert chinese.read_text("utf-8").split("\n")[2] == f"[English]({english.name})"


@pairs
def test_links_keep_the_language(pair: Pair) -> None:
    """A Chinese page leads to the same places as the English one, and to Chinese pages."""
    english, chinese = (
        sorted(re.findall(r"\]\(([^)#]+)", prose(page).split("\n", 4)[4])) for page in pair
    )
    in_english = [link.replace(".zh-CN.", ".") for link in chinese]
    assert sorted(set(in_english)) == sorted(set(english))
    own = {page.name for page in english_pages()}
    assert [link for link in chinese if link in own] == []


@pytest.mark.parametrize("page", chinese_pages(), ids=lambda page: page.name)
def test_chinese_is_chinese(page: Path) -> None:
    """No Chinese page holds a sentence in English."""
    said = re.sub(r"<!--.*?-->|`[^`]*`|\([^)]*\)|^    .*$", "", prose(page), flags=re.MULTILINE)
    assert ENGLISH_WORDS.findall(said) == []


def test_landing_page_leads_everywhere() -> None:
    """The first page has a link to every other page."""
    linked = set(
        re.findall(
            r"\]\(([\w.-]+\.md)", (english_pages()[0].parent / "index.md").read_text("utf-8")
        )
    )
    assert {page.name for page in english_pages()} - linked == {"index.md"}
