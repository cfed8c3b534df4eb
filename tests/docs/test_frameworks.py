"""What docs/frameworks.md says in two languages."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from growingio_tracker.integrations.binder import RequestOptions
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.integrations.serverless import flush_before_return

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("frameworks.md", "frameworks.zh-CN.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_is_listed(page: Path) -> None:
    """Each page names every option of the middlewares, the handler and the decorator."""
    listed = set(re.findall(r"^\| `(\w+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    handler = [*inspect.signature(EventHandler).parameters][1:]
    decorator = [*inspect.signature(flush_before_return).parameters][1:]
    assert listed == {*RequestOptions.__annotations__, "user", *handler, *decorator}
