"""Pages of docs/ with a part that is written from what was measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.chinese import in_chinese
from benchmarks.environments import ROOT

END = "<!-- measured: end -->"


class MeasuredPage(NamedTuple):
    """One page; between its marks stands what was measured."""

    path: Path
    command: str

    @property
    def begin(self) -> str:
        return f"<!-- measured: begin, written by {self.command} -->\n"

    @property
    def chinese(self) -> Path:
        """Where the Chinese version of the page is."""
        return self.path.with_suffix(".zh-CN.md")

    def write(self, measured: str) -> None:
        """Replace what stands between the marks of the page, and of its Chinese version."""
        for path, text in ((self.path, measured), (self.chinese, in_chinese(measured))):
            path.write_text(self.replaced(path, text), encoding="utf-8")
            print(f"the tables: {path.relative_to(ROOT)}")

    def replaced(self, path: Path, measured: str) -> str:
        """Return the page in ``path`` with other measurements in it."""
        return self._between.sub(lambda _: measured, path.read_text(encoding="utf-8"))

    def measured_on(self, path: Path) -> str:
        """Return what stands between the marks of the page in ``path``."""
        found = self._between.search(path.read_text(encoding="utf-8"))
        assert found is not None, f"{path.name} lacks {self.begin!r} or {END}"
        return found[0]

    @property
    def _between(self) -> re.Pattern[str]:
        return re.compile(f"(?<={re.escape(self.begin)}).*(?={re.escape(END)})", re.DOTALL)


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
