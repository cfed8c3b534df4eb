"""docs/speed.svg: two bar charts, drawn by hand, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.environments import ROOT
from benchmarks.figures import OLD_FORMAT, Medians, Subject

CHART = ROOT / "docs" / "speed.svg"
PANELS = (
    ("delivery.events_per_s", "Delivered events per second (longer is better)", 1),
    ("call.median_ns", "Cost of one call in microseconds (shorter is better)", 1000),
)
ROW, BAR, LEFT, WIDTH, TITLE = 24, 15, 130, 460, 34
# The site puts the chart into its page and gives these colours the theme that a reader chose.
STYLE = (
    ".diagram{--ink:#1f2328;--line:#8c959f;--own:#0969da}"
    "@media(prefers-color-scheme:dark){.diagram{--ink:#e6edf3;--line:#6e7681;--own:#4493f8}}"
    ".diagram text{font:13px sans-serif;fill:var(--ink)}.diagram .title{font-weight:bold}"
    ".diagram rect{fill:var(--line)}.diagram .own{fill:var(--own)}"
)


def write_chart(subjects: Sequence[Subject], found: Medians) -> None:
    """Write the chart anew."""
    CHART.write_text(render(subjects, found), encoding="utf-8")
    print(f"the chart: {CHART.relative_to(ROOT)}")


def render(subjects: Sequence[Subject], found: Medians) -> str:
    """Return both charts as one SVG."""
    top, parts = 0, []
    for key, title, divisor in PANELS:
        values = [
            (subject, found[subject.key, key] / divisor)
            for subject in subjects
            if subject is not OLD_FORMAT and (subject.key, key) in found
        ]
        parts.append(panel(title, values, top))
        top += TITLE + ROW * len(values) + 12
    head = (
        '<svg class="diagram" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {LEFT + WIDTH + 110} {top}">'
    )
    return f"{head}\n<style>{STYLE}</style>\n{''.join(parts)}</svg>\n"


def panel(title: str, values: Sequence[tuple[Subject, float]], top: int) -> str:
    """Return one chart with a bar for each SDK."""
    longest = max((value for _, value in values), default=1.0)
    lines = [f'<text class="title" x="0" y="{top + 20}">{escape(title)}</text>\n']
    for place, (subject, value) in enumerate(values):
        y = top + TITLE + place * ROW
        width = max(1.0, value / longest * WIDTH)
        own = ' class="own"' if subject.key == "this" else ""
        label = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
        lines += (
            f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(subject.title)}</text>'
            f'<rect{own} x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}"/>'
            f'<text x="{LEFT + width + 6:.1f}" y="{y + 12}">{label}</text>\n'
        )
    return "".join(lines)
