"""What docs/operations.md says in two languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from delivering.processes import run_well
from growingio_tracker import Stats
from growingio_tracker.integrations.opentelemetry import METRICS
from pages import DOCS, in_chinese, python_blocks

PAGE = DOCS / "operations.md"


@pytest.mark.parametrize("page", [PAGE, in_chinese(PAGE)], ids=lambda page: page.name)
def test_every_count_is_explained(page: Path) -> None:
    """Each page has a row for every field of stats(), and for every metric in their order."""
    first_cells = re.findall(r"^\| (`[^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"`([\w.]+)`", cell)]
    assert [name for name in named if "." in name] == [metric.name for metric in METRICS]
    assert set(Stats.__struct_fields__) <= set(named)


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("page", [PAGE, in_chinese(PAGE)], ids=lambda page: page.name)
def test_configured_log(page: Path, existing: bool) -> None:
    """With the documented configuration our loggers stay on, for either of its two reasons."""
    block = next(block for block in python_blocks(page) if "dictConfig" in block)
    if existing:
        program = block.replace('"disable_existing_loggers": False', '"version": 1')
    else:
        program = block.replace('"growingio_tracker"', '"other"')
    assert program != block
    check = 'assert not logging.getLogger("growingio_tracker.delivery").disabled'
    run_well(f"import logging, growingio_tracker\n{program}\n{check}")
