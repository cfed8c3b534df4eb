"""Search in Chinese text, which has no spaces: each pair of neighbouring characters is a word."""

from __future__ import annotations

import re
from typing import Final

from sphinx.search import SearchLanguage

_RUN: Final = re.compile(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+")


class ChineseSearch(SearchLanguage):
    """Splits text here as the script in the page splits a query, without a dictionary."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = r"""
function splitQuery(query) {
  const words = [];
  for (const [run] of query.matchAll(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/g)) {
    if (!/[\u4e00-\u9fff]/.test(run) || run.length < 3) words.push(run);
    else for (let at = 0; at < run.length - 1; at++) words.push(run.slice(at, at + 2));
  }
  return words;
}
"""

    def split(self, input: str) -> list[str]:
        """Return the words of a text."""
        return [word for run in _RUN.findall(input) for word in _words(run)]

    def stem(self, word: str) -> str:
        """Return a word as queries have it."""
        return word.lower()


def _words(run: str) -> list[str]:
    if run.isascii() or len(run) < 3:
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]
