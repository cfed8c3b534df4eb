"""Pages of docs/ with a part that is written from what was measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.environments import ROOT

END = "<!-- measured: end -->"


class MeasuredPage(NamedTuple):
    """One page; between its marks stands what was measured."""

    path: Path
    command: str

    @property
    def begin(self) -> str:
        return f"<!-- measured: begin, written by {self.command} -->\n"

    def write(self, measured: str) -> None:
        """Replace what stands between the page's marks."""
        self.path.write_text(self.replaced(measured), encoding="utf-8")
        print(f"the tables: {self.path.relative_to(ROOT)}")

    def replaced(self, measured: str) -> str:
        """Return the page with other measurements in it."""
        between = re.compile(f"(?<={re.escape(self.begin)}).*(?={re.escape(END)})", re.DOTALL)
        return between.sub(lambda _: measured, self.path.read_text(encoding="utf-8"))


def body(*parts: str) -> str:
    """Return the conditions and the parts, each a paragraph."""
    conditions = (
        f"Measured on {datetime.date.today():%Y-%m-%d} with CPython {platform.python_version()} "
        f"on {platform.system()}, {os.cpu_count()} cores."
    )
    return "\n" + "\n\n".join((conditions, *parts)) + "\n\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
