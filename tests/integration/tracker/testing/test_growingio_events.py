"""The fixture growingio_events: real runs of pytest inside pytest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import pytest

from delivering.processes import run_well
from delivering.servers import Server

pytest_plugins = ["pytester"]

PLUGIN: Final = "growingio_tracker_pytest"

# An application whose tracker is made, and has sent already, when the tests are collected.
SHOP: Final = """
import os, threading
from growingio_tracker import *

tracker = GrowingTracker("p", "d", os.environ["SERVER"])
background = GrowingTracker.consumer(AsyncBufferedConsumer("p", "d", os.environ["SERVER"]))
tracker.track_custom_event("imported", anonymous_id="v")

def pay(user, tracker=tracker):
    tracker.track_custom_event("order_paid", login_user_id=user, attributes={"sku": "A-1"})
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tests of a text in a pytest of their own, beside the application, at a server."""
    pytester.makepyfile(shop=SHOP)

    def inner(tests: str, *arguments: str, server: str = "http://127.0.0.1:9") -> pytest.RunResult:
        monkeypatch.setenv("SERVER", server)
        pytester.makepyfile(test_it="import shop, pytest\n" + tests)
        if "-n" in arguments:
            # Loading all other plugins that are installed would take each process seconds.
            monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return pytester.runpytest_subprocess(
                "-p", PLUGIN, "-p", "xdist", *arguments, timeout=60
            )
        in_order = ("-p", "no:randomly", *arguments)
        return pytester.runpytest_inprocess(*in_order, plugins=[sys.modules[PLUGIN]])

    return inner


TESTS: Final = """
import asyncio, threading

def test_one(growingio_events):
    shop.pay("u1")
    shop.pay("u2", shop.background)
    [first] = growingio_events.assert_tracked("order_paid", count=1, user_id="u1", sku="A-1")
    growingio_events.assert_tracked("order_paid", count=2)

def test_two(growingio_events):
    growingio_events.assert_nothing_tracked()
    thread = threading.Thread(target=shop.pay, args=("u3",))
    thread.start()
    thread.join()
    growingio_events.assert_tracked(user_id="u3")
    growingio_events.clear()
    growingio_events.assert_nothing_tracked()

def test_asyncio(growingio_events):
    async def visit():
        await asyncio.gather(asyncio.to_thread(shop.pay, "u4"), asyncio.to_thread(shop.pay, "u5"))
    asyncio.run(visit())
    growingio_events.assert_tracked("order_paid", count=2)

@pytest.mark.parametrize("number", range(10))
def test_many(growingio_events, number):
    shop.pay(str(number))
    growingio_events.assert_tracked(count=1)
"""


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_records_the_application(arguments: list[str], run: Run) -> None:
    """Each test sees what the application tracked in it, from any thread, and nothing is sent."""
    with Server() as server:
        result = run(TESTS, *arguments, server=server.url)
        result.assert_outcomes(passed=13)
        assert set(server.names) == {"imported"}


def test_without_the_fixture(run: Run) -> None:
    """A test beside it that does not ask for the fixture sends as always."""
    with Server() as server:
        tests = """
def test_recorded(growingio_events):
    shop.pay("u1")

def test_sent():
    shop.pay("u2")
    assert shop.tracker.stats().delivered == 2
"""
        run(tests, server=server.url).assert_outcomes(passed=2)
        assert server.names == ["imported", "order_paid"]


def test_failing_checks_explain_themselves(run: Run) -> None:
    """A failing check shows its text, and not the inside of the fixture."""
    with Server() as server:
        result = run(
            "def test(growingio_events):\n    growingio_events.assert_tracked('order_paid')\n",
            server=server.url,
        )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*AssertionError: order_paid: tracked 0 times*", "E*Nothing was*"]
    )
    result.stdout.no_fnmatch_line("*_why(*")


def test_unrecorded_requests_fail(run: Run) -> None:
    """What would reach the network fails the test by name, also if the application caught it."""
    with Server() as server:
        tests = """
class Own(shop.DefaultConsumer):
    def send(self, message):
        self.post_data(self.endpoints["collect"], [message])

def test_own(growingio_events):
    try:
        shop.pay("u1", shop.GrowingTracker.consumer(Own("p", "d", "http://x.example")))
    except Exception:
        pass
"""
        result = run(tests, server=server.url)
        assert server.names == ["imported"]
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["E*Own(*server_host='http://x.example') would post*::test_own, but*"]
    )


def test_pytest_is_not_needed() -> None:
    """The package and its test kit import no pytest, and the kit works without it."""
    run_well("""
    import sys
    from growingio_tracker import GrowingTracker
    from growingio_tracker.testing import record_everything
    with record_everything() as events:
        GrowingTracker("p", "d", "http://127.0.0.1:9").track_custom_event("a", anonymous_id="v")
    events.assert_tracked("a", count=1)
    assert not [name for name in sys.modules if "pytest" in name]
    """)


def test_loading_the_plugin_is_cheap() -> None:
    """Loading the plugin imports nothing of this package but the plugin itself."""
    assert PLUGIN in sys.modules
    run_well("""
    import sys, growingio_tracker_pytest
    assert not [name for name in sys.modules if name.split(".")[0] == "growingio_tracker"]
    """)
