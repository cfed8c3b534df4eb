"""The figures of a chaos run for Kafka, as a table on a page."""

from __future__ import annotations

from chaos_kafka.figures import (
    FAULTS,
    ROWS,
    Figures,
    figures_on,
    in_chinese,
    parse,
    render,
    with_figures,
)

FIGURES = Figures("2026-11-29, Python 3.11.7, seed 7:", tuple(range(1000, 1000 + len(ROWS))))
PAGE = """# A page

<!-- the last chaos run, written by make chaos-kafka -->
old
<!-- end of the last chaos run -->
"""


def test_back() -> None:
    """What is rendered can be read again, and rows are found by their labels."""
    assert parse(render(FIGURES)) == FIGURES
    assert FIGURES.row(FAULTS) == 1000 + ROWS.index(FAULTS)


def test_page() -> None:
    """A page shows the figures that it was given, and keeps everything else."""
    page = with_figures(PAGE, render(FIGURES))
    assert figures_on(page) == render(FIGURES)
    assert with_figures(page, "old\n") == PAGE


def test_chinese() -> None:
    """Every label has its Chinese, with the same number."""
    _, _, rows = in_chinese(render(FIGURES)).partition("| --- | --- |\n")
    labels = [line.strip("| —").partition(" | ")[0] for line in rows.strip().splitlines()]
    assert [label for label in labels if label.isascii()] == ["500", "503", "401"]
