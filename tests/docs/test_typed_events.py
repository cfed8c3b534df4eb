"""The pages about typed events say what is so."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from growingio_cli.codegen.names import python_name
from growingio_cli.codegen.writing import write_module
from growingio_wire.plan.reading import YAML, read_plan
from pages import blocks
from planned import checked, recording_tracker
from tree import DOCS

PAGES = [DOCS / "typed-events.md", DOCS / "typed-events.zh-CN.md"]
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _block(page: Path, language: str) -> str:
    return next(block.text for block in blocks(page) if block.language == language)


@pytest.fixture
def shop(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module of the page's plan, and on Python's path."""
    plan = read_plan(_block(page, "yaml").encode(), "the example", YAML).plan
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "events.py").write_text(write_module(plan, "plan.yaml"), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("shop", "shop.events"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@by_page
def test_program(page: Path, shop: Path) -> None:
    """The program on the page sends what it says."""
    tracker, sent = recording_tracker()
    exec(_block(page, "py"), {"tracker": tracker})
    sent.assert_tracked("order_paid", user_id="user-1", amount=99.5, channel="web")
    sent.assert_tracked(kind="user", user_key="phone", level=3)
    sent.assert_tracked("goods", kind="item", item_id="7", price=12.5)


@pytest.mark.once
@by_page
def test_messages_of_mypy(page: Path, shop: Path) -> None:
    """mypy says what the page quotes."""
    (shop / "program.py").write_text(
        "from shop.events import order_paid\n"
        "from growingio_tracker import GrowingTracker\n"
        "def f(tracker: GrowingTracker) -> None:\n"
        '    order_paid(tracker, channel="web")\n'
        '    order_paid(tracker, amount=1, chanel="web")\n'
        '    order_paid(tracker, amount=1, channel="tv")\n',
        "utf-8",
    )
    told = "\n".join(checked(shop, "program.py"))
    quoted = re.findall(r"^\| mypy \| `([^`]+)`", page.read_text("utf-8"), re.MULTILINE)
    assert len(quoted) == 3
    assert [one for one in quoted if one not in told] == []


@by_page
def test_names(page: Path) -> None:
    """Names become what the page says."""
    rows = re.findall(r"^\| `?([^|` ]+)`? \| `?([^|` ]+)`? \|$", page.read_text("utf-8"), re.M)
    names = [
        (plan, python) for plan, python in rows if plan in ("支付", "class", "a-b", "$exp_hit")
    ]
    assert len(names) == 4
    assert [(plan, python_name(plan)) for plan, _ in names] == names
