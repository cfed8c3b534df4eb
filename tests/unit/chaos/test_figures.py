"""The table of figures, and back."""

from __future__ import annotations

from chaos.figures import ROWS, Figures, figures_on, parse, render, with_figures

FIGURES = Figures(
    "2026-01-01, Python 3.10.0, seed 1:",
    {"durable": tuple(range(1000, 1000 + len(ROWS))), "async": (0,) * len(ROWS)},
)
PAGE = """# Page
<!-- the last chaos run, written by make chaos -->
old
<!-- end of the last chaos run -->
more
"""


def test_rendered_and_parsed() -> None:
    """What is rendered is parsed to the same."""
    assert parse(render(FIGURES)) == FIGURES


def test_page() -> None:
    """The figures replace what stands between their marks, and nothing else."""
    page = with_figures(PAGE, render(FIGURES))
    assert parse(figures_on(page)) == FIGURES
    assert with_figures(with_figures(page, ""), "old\n") == PAGE
