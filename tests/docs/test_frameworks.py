"""What docs/frameworks.md says in two languages."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from delivering.examples import DJANGO, search_path
from delivering.processes import run_well
from growingio_tracker.integrations.binder import RequestOptions
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.integrations.serverless import flush_before_return

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("frameworks.md", "frameworks.zh-CN.md")]
IDS = {
    "GROWINGIO_PRODUCT_ID": "p",
    "GROWINGIO_DATA_SOURCE_ID": "d",
    "GROWINGIO_SERVER_HOST": "http://127.0.0.1:9",
    "DJANGO_SETTINGS_MODULE": "settings",
    "PYTHONPATH": search_path(DJANGO),
}


def code_of(page: Path) -> list[str]:
    """Return the blocks of code on a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_both_have_the_same_code() -> None:
    """Both pages have the same sections and the same code, apart from comments."""
    shapes = [
        (
            [re.sub(r"#.*", "", block) for block in code_of(page)],
            len(re.findall(r"^#+ ", page.read_text(encoding="utf-8"), re.MULTILINE)),
        )
        for page in PAGES
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_is_listed(page: Path) -> None:
    """Each page names every option of the middlewares, the handler and the decorator."""
    listed = set(re.findall(r"^\| `(\w+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    handler = [*inspect.signature(EventHandler).parameters][1:]
    decorator = [*inspect.signature(flush_before_return).parameters][1:]
    assert listed == {*RequestOptions.__annotations__, "user", *handler, *decorator}


def test_code_runs() -> None:
    """Each block of code runs as it stands."""
    blocks = code_of(PAGES[0])
    assert len(blocks) == 9
    run_well(f"for block in {blocks!r}: exec(block, {{'__name__': '__main__'}})", **IDS)
