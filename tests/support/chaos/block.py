"""The figures of a run on a page: between two marks, in English or Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LABEL: Final = re.compile(r"(?<=^\| )(— )?([^|]+)(?= \|)", re.MULTILINE)
_HEAD: Final = re.compile(r"^(\S+), (Python \S+), seed (\d+):$", re.MULTILINE)
_END: Final = "<!-- end of the last chaos run -->"


class FiguresBlock:
    """What a command writes into a page.

    :param command: as the mark names it.
    :param chinese: the labels of rows in Chinese.
    """

    def __init__(self, command: str, chinese: Mapping[str, str]) -> None:
        self._begin = f"<!-- the last chaos run, written by {command} -->"
        self._chinese = chinese
        begin, end = re.escape(self._begin), re.escape(_END)
        self._block = re.compile(f"(?<={begin}\n).*(?={end})", re.DOTALL)

    def in_chinese(self, text: str) -> str:
        """Return figures with their words in Chinese."""
        text = _HEAD.sub(r"\1，\2，种子 \3：", text)
        names = self._chinese
        return _LABEL.sub(lambda label: (label[1] or "") + names.get(label[2], label[2]), text)

    def figures_on(self, page: str) -> str:
        """Return the part of a page that :meth:`with_figures` replaces."""
        block = self._block.search(page)
        assert block is not None, f"the page lacks {self._begin} or {_END}"
        return block[0]

    def with_figures(self, page: str, text: str) -> str:
        """Return the page with ``text`` as its figures."""
        return self._block.sub(lambda block: text, page)
