"""Names that were probably meant."""

from __future__ import annotations

import time

import pytest

from growingio_wire.near import CLOSE, hint, likeness, nearest

KNOWN = ("order_paid", "order_placed", "signup", "max_size")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OrderPaid", "order_paid"),
        ("order paid", "order_paid"),
        ("ORDER-PLACED", "order_placed"),
        ("sign_up", "signup"),
        ("max_sise", "max_size"),
        ("xyz", None),
        ("", None),
        ("___", None),
    ],
)
def test_nearest(name: str, meant: str | None) -> None:
    """Case and separators make no difference, a slip of the hand makes little."""
    assert nearest(name, KNOWN) == meant


def test_close() -> None:
    """What is near enough to ask about need not be near enough to claim."""
    assert nearest("order_lost", KNOWN) == "order_placed"
    assert nearest("order_lost", KNOWN, 0.8) is None
    assert nearest("order_payd", KNOWN, CLOSE) == "order_paid"


def test_hint() -> None:
    """The hint is the end of a sentence, as the user would have to write the name."""
    assert hint("maxsize", KNOWN, "GROWINGIO_{}".format) == "; did you mean GROWINGIO_max_size?"
    assert hint("xyz", KNOWN) == ""


def test_likeness() -> None:
    """Likeness goes from 0 to 1."""
    assert likeness("order_paid", "OrderPaid") == 1.0
    assert likeness("abc", "xyz") == 0.0
    assert 0 < likeness("order_paid", "order_placed") < 1


def test_long_names() -> None:
    """Names of any length are compared in a moment."""
    begin = time.thread_time()
    assert nearest("a" * 10**7, ["a" * 10**7, "b"]) is not None
    assert time.thread_time() - begin < 5
