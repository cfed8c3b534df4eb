"""Findings as a person reads them: one line each where it is piped, whole words in a terminal."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from growingio_tracker.doctor.configuring import Shown
    from growingio_tracker.doctor.finding import Finding

_COLOURS: Final = {"ok": "green", "warn": "yellow", "bad": "red", "skipped": "bright_black"}
_CHINESE: Final = {"ok": "正常", "warn": "注意", "bad": "问题", "skipped": "跳过"}
_SETTING_WIDTH: Final = 23
_STATUS_WIDTH: Final = 8
_PIECE: Final = re.compile(r"(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff]+)[，。；：、）]*\s*")
"""What is not broken: a word, or a Chinese character with the punctuation behind it."""
_FIX: Final = " " * _STATUS_WIDTH + "-> "


def print_settings(shown: Iterable[Shown]) -> None:
    """Print each setting with its origin."""
    console = _console()
    for one in shown:
        _print(console, _padded(f"  {one.name}", _SETTING_WIDTH), f"{one.value}  ({one.origin})")


def print_findings(findings: Iterable[Finding], is_chinese: bool) -> int:
    """Print each finding as soon as the next is there; return how many problems there are.

    What is to be done stands below the last of those that ask for the same.
    """
    console, bad = _console(), 0
    for one, following in pairwise(chain(findings, [None])):
        if one is None:
            break
        bad += one.status == "bad"
        word = _CHINESE[one.status] if is_chinese else one.status
        sentence, fix = _said(one, is_chinese)
        head = _padded(word, _STATUS_WIDTH, _COLOURS[one.status])
        _print(console, head, f"{one.name}: {sentence}")
        if fix and (following is None or fix != _said(following, is_chinese)[1]):
            _print(console, Text(_FIX), fix)
    _print(console, Text(), _conclusion(bad, is_chinese))
    return bad


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _said(one: Finding, is_chinese: bool) -> tuple[str, str]:
    return (one.sentence_zh, one.fix_zh) if is_chinese else (one.sentence, one.fix)


def _padded(word: str, width: int, colour: str = "") -> Text:
    text = Text(word, colour)
    text.append(" " * max(1, width - text.cell_len))
    return text


def _print(console: Console, head: Text, words: str) -> None:
    width = console.width - head.cell_len
    for line in _wrapped(words, width) if console.is_terminal else [words]:
        console.print(Text.assemble(head, line))
        head = Text(" " * head.cell_len)


def _wrapped(words: str, width: int) -> Iterator[str]:
    """Yield lines; rich would not break Chinese, which has no spaces, before it must."""
    line = ""
    for piece in _PIECE.findall(words):
        if line and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def _conclusion(bad: int, is_chinese: bool) -> str:
    if is_chinese:
        return f"发现 {bad} 个问题。" if bad else "没有发现问题。"
    return f"{bad} problem{'s'[: bad != 1]} found." if bad else "No problem found."
