"""docs/promises.md shows the figures of a long chaos run as the run wrote them."""

from __future__ import annotations

import re

from chaos.figures import EVENTS, FAULTS, LOST, UNEXPLAINED, figures_on, in_chinese, parse, render
from tree import DOCS

SHOWN = figures_on((DOCS / "promises.md").read_text("utf-8"))
FIGURES = parse(SHOWN)
NAMES = {
    "DurableConsumer",
    "AsyncBufferedConsumer",
    "Python",
    "HTTP",
    "Retry",
    "After",
    "fork",
    "SIGKILL",
    "SIGTERM",
}


def test_form() -> None:
    """The figures are exactly what the run writes, for both strategies."""
    assert render(FIGURES) == SHOWN
    assert list(FIGURES.columns) == ["durable", "async"]


def test_nothing_lost() -> None:
    """They tell of at least a million events and two hundred faults, and of nothing lost."""
    assert FIGURES.row(LOST) == FIGURES.row(UNEXPLAINED) == [0, 0]
    assert min(FIGURES.row(EVENTS)) >= 1_000_000
    assert min(FIGURES.row(FAULTS)) >= 200


def test_chinese() -> None:
    """The Chinese page shows the same figures, and no English but names."""
    shown = figures_on((DOCS / "promises.zh-CN.md").read_text("utf-8"))
    assert shown == in_chinese(SHOWN)
    assert set(re.findall(r"[A-Za-z]{4,}", shown)) <= NAMES
