"""Modules that ``growingio codegen`` writes."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from growingio_cli.codegen.layout import string
from growingio_cli.codegen.writing import head, write_module
from planned import SHOP, checked, formatted, loaded, plan_of
from running_command import invoked

PROGRAM = """\
from datetime import date

from events import Items, loose, order_paid, set_user
from growingio_tracker import GrowingTracker, ResourceItem


def shop(tracker: GrowingTracker) -> None:
    order_paid(tracker, amount=1, channel="web", login_user_id="u1", skus=["a", 2])
    order_paid(tracker, amount=1.5, channel="app", paid_at=date(2026, 1, 2), anonymous_id="v")
    set_user(tracker, level=3, login_user_key="phone", login_user_id="138")
    loose(tracker, size=1, more={"colour": "red"}, login_user_id="u1")
    loose(tracker, anonymous_id="v", item=ResourceItem("goods", "7"), preset={"app_version": "1"})
    Items.goods(tracker, item_id="1", price=9.9)
"""

MISTAKES = {
    'order_paid(tracker, channel="web", login_user_id="u")': 'Missing named argument "amount"',
    'order_paid(tracker, amount=1, chanel="web", login_user_id="u")': 'did you mean "channel"',
    'order_paid(tracker, amount=1, channel="tv", login_user_id="u")': "expected \"Literal['web',",
    'order_paid(tracker, amount="1", channel="web", login_user_id="u")': 'expected "float"',
    'set_user(tracker, level=1, login_user_key="mail", login_user_id="u")': "expected",
    "Items.goods(tracker, price=1.0)": 'Missing named argument "item_id"',
}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    file = tmp_path / "events.py"
    file.write_text(write_module(plan_of(SHOP), "plan.yaml"), "utf-8")
    return file


def test_functions() -> None:
    """Each event, item and the users get a function; what SDKs send by themselves gets none."""
    made = loaded(plan_of(SHOP))
    functions = [
        name
        for name, one in vars(made).items()
        if inspect.isfunction(one) and one.__module__ == "generated"
    ]
    assert functions == ["order_paid", "cart_viewed", "loose", "exp_hit__dollar0", "set_user"]
    assert list(inspect.signature(made.order_paid).parameters) == [
        *("tracker", "amount", "channel", "coupon", "skus", "paid_at", "pieces", "class_"),
        *("tracker_", "login_user_id", "login_user_key", "anonymous_id", "event_time"),
        *("item", "preset"),
    ]
    assert list(inspect.signature(made.Items.goods).parameters) == ["tracker", "item_id", "price"]
    assert made.order_paid.__doc__.startswith("An order was paid.\n")
    assert ":param class_: deprecated: use channel" in made.order_paid.__doc__
    assert made.cart_viewed.__deprecated__ == "use page_viewed"


def test_same_text() -> None:
    """The same plan gives the same text, whatever stands in the file beside it."""
    text = write_module(plan_of(SHOP), "plan.yaml")
    assert text == write_module(plan_of("# a comment\n" + SHOP), "plan.yaml")
    assert head(plan_of(SHOP)) in text
    assert head(plan_of(SHOP.replace("[web, app]", "[web]"))) not in text


def test_chinese() -> None:
    """A plan in Chinese gets docstrings in Chinese, and keeps its names."""
    text = write_module(
        plan_of("events: {支付: {description: 订单已支付, attributes: {金额: }}}"), "方案"
    )
    assert "def 支付(" in text
    assert '"""订单已支付。"""' in text
    assert "由 ``growingio codegen`` 生成" in text


@pytest.mark.once
def test_checked_and_formatted(module: Path) -> None:
    """mypy has nothing to say about a program without a mistake, and ruff nothing to lay out."""
    program = module.with_name("program.py")
    program.write_text(PROGRAM, "utf-8")
    assert checked(module.parent, "events.py", "program.py") == []
    assert formatted(module) == ""


@pytest.mark.once
def test_strict_pyright(module: Path) -> None:
    """Strict pyright has nothing to say about the module, or the program."""
    module.with_name("program.py").write_text(PROGRAM, "utf-8")
    settings = {"typeCheckingMode": "strict", "include": ["events.py", "program.py"]}
    module.with_name("pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "--outputjson"], cwd=module.parent, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["generalDiagnostics"] == []


@pytest.mark.once
def test_mistakes(module: Path) -> None:
    """mypy tells each mistake in one line, and what was meant where it can."""
    program = module.with_name("program.py")
    program.write_text(PROGRAM + "".join(f"    {mistake}\n" for mistake in MISTAKES), "utf-8")
    told = [line for line in checked(module.parent, "program.py") if "error:" in line]
    first = len(PROGRAM.splitlines()) + 1
    assert [int(line.split(":")[1]) for line in told] == list(range(first, first + len(MISTAKES)))
    for line, wanted in zip(told, MISTAKES.values(), strict=True):
        assert wanted in line


@pytest.mark.parametrize("text", ["plain", 'a "quoted" one', "it's", "\\", "\n\x1b", "中文", "\"'"])
def test_strings(text: str) -> None:
    """A literal is the text again, in the quotes that ruff would choose."""
    assert eval(string(text)) == text


def test_command(tmp_path: Path) -> None:
    """The command writes the module, and --check tells whether it still is the plan's."""
    plan, module = tmp_path / "plan.yaml", tmp_path / "events.py"
    plan.write_text(SHOP, "utf-8")
    assert invoked("codegen", str(plan), "-o", str(module)).returncode == 0
    assert invoked("codegen", str(plan)).stdout == module.read_text("utf-8")
    assert invoked("codegen", str(plan), "-o", str(module), "--check").returncode == 0
    module.write_text(
        module.read_text("utf-8").replace("    amount,\n", "    amount  ,\n"), "utf-8"
    )
    assert invoked("codegen", str(plan), "-o", str(module), "--check").returncode == 0
    plan.write_text(SHOP.replace("[web, app]", "[web]"), "utf-8")
    stale = invoked("codegen", str(plan), "-o", str(module), "--check")
    assert (stale.returncode, "does not match" in stale.stderr) == (1, True)
    assert invoked("codegen", str(plan), "--check").returncode == 2
    assert invoked("codegen", str(plan), "-o", str(tmp_path / "no.py"), "--check").returncode == 1
