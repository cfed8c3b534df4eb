"""What a program does with a generated module."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from growingio_cli.codegen.scanning import Scan, scan
from growingio_cli.codegen.writing import write_module
from planned import SHOP, plan_of
from running_command import invoked


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "events.py").write_text(write_module(plan_of(SHOP), "plan.yaml"), "utf-8")
    return tmp_path


def _scan(shop: Path, *programs: str) -> Scan:
    for number, program in enumerate(programs):
        (shop / "shop" / f"program{number}.py").write_text(program, "utf-8")
    return scan([shop])


@pytest.mark.parametrize(
    "program",
    [
        "from shop.events import order_paid\norder_paid(t)",
        "from .events import order_paid as paid\nlater(paid)",
        "from . import events\nevents.order_paid(t)",
        "import shop.events\nshop.events.order_paid(t)",
        "import shop.events as ev\nev.order_paid(t)",
        "from shop import events as ev\ndef f():\n    return ev.order_paid(t)",
        "from shop.events import *\norder_paid(t)",
    ],
)
def test_called(shop: Path, program: str) -> None:
    """A function is called however it was imported, and also where it is passed on."""
    found = _scan(shop, program)
    assert [one.name for one in found.called] == ["order_paid"]
    assert (found.unplanned, found.raw) == ([], [])


def test_items_and_users(shop: Path) -> None:
    """Items and users count as events do."""
    found = _scan(shop, "from .events import Items, set_user\nItems.goods(t)\nset_user(t)")
    assert [(one.kind, one.name) for one in found.called] == [
        ("user", "LOGIN_USER"),
        ("item", "goods"),
    ]
    assert [one.name for one in found.uncalled] == [
        "order_paid",
        "cart_viewed",
        "loose",
        "$exp_hit",
    ]


def test_unplanned(shop: Path) -> None:
    """Calls of what is not planned are found with the name that was probably meant."""
    found = _scan(
        shop,
        "from . import events\nevents.order_payd(t)\n"
        't.track_custom_event("order_piad")\nt.submit_item("good", "1")',
    )
    assert [(one.line, one.name, one.advice) for one in found.unplanned] == [
        (2, "order_payd", "order_paid"),
        (3, "order_piad", "order_paid"),
        (4, "good", "goods"),
    ]


def test_raw(shop: Path) -> None:
    """Calls past the module are found with the function to call; a comment allows one."""
    found = _scan(
        shop,
        'PAID = "order_paid"\nt.track_custom_event(PAID)\nt.track_custom_event(name())\n'
        't.track_custom_event(event_name="order_paid")  # growingio: raw\nt.track_user("u")\n'
        'CustomEventMessage.EventBuilder().set_event_name("order_paid").build()',
    )
    assert [(one.line, one.name, one.advice) for one in found.raw] == [
        (2, "order_paid", "order_paid"),
        (3, None, None),
        (5, "LOGIN_USER", "set_user"),
        (6, "order_paid", "order_paid"),
    ]


def test_formats(shop: Path) -> None:
    """The status is told as text, JSON and JUnit, and decides about the exit status."""
    _scan(shop, 'from .events import order_paid\nt.track_custom_event("x")', "def (")
    text = invoked("codegen", "status", str(shop))
    assert text.returncode == 1
    assert "program0.py:2: not planned    event x" in text.stdout
    assert "program1.py: not valid Python" in text.stdout
    shown = json.loads(invoked("codegen", "status", str(shop), "--format", "json").stdout)
    assert (shown["failed"], shown["unplanned"][0]["line"]) == (True, 2)
    junit = fromstring(invoked("codegen", "status", str(shop), "--format", "junit").stdout)
    assert {name: junit[0].get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "skipped": "6",
    }


def test_all_called(shop: Path) -> None:
    """That nothing calls an event fails only when asked for, and never for a deprecated one."""
    _scan(
        shop,
        "from .events import *\norder_paid(t)\nset_user(t)\nItems.goods(t)\n",
    )
    assert invoked("codegen", "status", str(shop)).returncode == 0
    assert invoked("codegen", "status", str(shop), "--all-called").returncode == 1
    _scan(
        shop,
        "",
        "from .events import exp_hit__dollar0 as hit, loose, order_paid, set_user, Items\n"
        "hit(t), loose(t), order_paid(t), set_user(t), Items.goods(t)",
    )
    assert invoked("codegen", "status", str(shop), "--all-called").returncode == 0


def test_no_module(tmp_path: Path) -> None:
    """Where there is no generated module, nothing can be said: status 2."""
    assert invoked("codegen", "status", str(tmp_path)).returncode == 2
