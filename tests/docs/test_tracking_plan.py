"""The pages about the tracking plan say what is so."""

import re
from pathlib import Path

import pytest

from growingio_wire.plan import Planned, Property
from growingio_wire.plan.csv_reading import COLUMNS
from growingio_wire.plan.fitting import TYPES
from growingio_wire.plan.reading import CSV, YAML, read_plan
from tree import DOCS

PAGES = [DOCS / "tracking-plan.md", DOCS / "tracking-plan.zh-CN.md"]


def _block(page: Path, language: str) -> str:
    [block] = re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page: Path) -> None:
    """Both examples are plans without a defect."""
    plan = read_plan(_block(page, "yaml").encode(), "the example", YAML).plan
    assert (list(plan.events or {}), list(plan.items or {})) == (
        ["order_paid", "cart_viewed", "PAGE"],
        ["goods"],
    )
    plan = read_plan(_block(page, "csv").encode(), "the example", CSV).plan
    assert plan.events
    assert plan.events["order_paid"].attributes == {
        "amount": Property("number", required=True),
        "channel": Property("string", enum=("web", "app")),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables(page: Path) -> None:
    """Every field, type and column, under each of its names, is explained."""
    text = page.read_text(encoding="utf-8")
    fields = {*Planned.__struct_fields__, *Property.__struct_fields__, *TYPES, *COLUMNS}
    assert [field for field in sorted(fields) if f"`{field}`" not in text] == []
    assert [name for names in COLUMNS.values() for name in names if name not in text] == []
