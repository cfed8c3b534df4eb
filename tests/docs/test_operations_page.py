"""What docs/operations.md says in two languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from growingio_tracker import Stats
from growingio_tracker.integrations.opentelemetry import METRICS
from pages import DOCS, in_chinese

PAGE = DOCS / "operations.md"


@pytest.mark.parametrize("page", [PAGE, in_chinese(PAGE)], ids=lambda page: page.name)
def test_every_count_is_explained(page: Path) -> None:
    """Each page has a row for every field of stats(), and for every metric in their order."""
    first_cells = re.findall(r"^\| (`[^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"`([\w.]+)`", cell)]
    assert [name for name in named if "." in name] == [metric.name for metric in METRICS]
    assert set(Stats.__struct_fields__) <= set(named)
