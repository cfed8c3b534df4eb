"""Pytest plugin: fixtures for recorded events, and for events received by a local collector.

::

    def test_checkout(growingio_collector):
        shop(server_host=growingio_collector.url)
        paid = growingio_collector.wait_for("order_paid", user="u1")
        assert paid.attributes["sku"] == "A-1"
        growingio_collector.assert_no_bad()

Reports of failing tests show what the collector received. The fixture ``growingio_events`` sends
nothing::

    def test_checkout(growingio_events):
        shop.pay("u1")
        growingio_events.assert_tracked("order_paid", count=1, user_id="u1")
        growingio_events.assert_nothing_tracked()

pytest imports this module in every run. It is therefore a package of its own, and imports nothing
but pytest until a fixture is used, so that runs without a fixture stay fast. It needs only pytest
6.2 and pluggy 0.12: installing the SDK must not break an older test suite.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from growingio_collector.testing.fixture import CollectorFixture
    from growingio_tracker.testing import Recording

_URL: Final = "--growingio-collector-url"
_UPDATE: Final = "--growingio-update"
_UPDATE_VARIABLE: Final = "UPDATE_GOLDEN"
_OWN: Final = "growingio_collector"
_SHARED: Final = "growingio_collector_session"
_TITLE: Final = "GrowingIO collector"
_OPEN: Final = "growingio_open_collectors"
"""The name under which a run keeps its :class:`_Open`."""


class _Open:
    """The collectors that are open now, by the names of their fixtures.

    It is registered as a plugin, because older releases of pytest have no stash.
    """

    def __init__(self) -> None:
        self.collectors: dict[str, CollectorFixture] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--growingio-collector-url`` and ``--growingio-update``."""
    group = parser.getgroup("growingio")
    group.addoption(
        _URL,
        metavar="URL",
        help="use the collector that runs at URL (growingio collector) instead of starting one; "
        "each test sees only its own events",
    )
    group.addoption(
        _UPDATE,
        action="store_true",
        help=f"write the snapshots of assert_matches instead of comparing with them, as "
        f"{_UPDATE_VARIABLE}=1 does",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the collectors of the run, of which there are none yet."""
    config.pluginmanager.register(_Open(), _OPEN)


@pytest.fixture
def growingio_collector(request: pytest.FixtureRequest) -> Iterator[CollectorFixture]:
    """Provide a collector for one test, with a port and an empty store of its own."""
    with _opened(request.config, _OWN, request.node.name) as collector:
        yield collector


@pytest.fixture(scope="session")
def growingio_collector_session(request: pytest.FixtureRequest) -> Iterator[CollectorFixture]:
    """Provide one collector for all tests of the session (with xdist: of the worker)."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "session")
    with _opened(request.config, _SHARED, worker) as collector:
        yield collector


@pytest.fixture
def growingio_events(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """Record everything that this process tracks, and let nothing reach the network."""
    from growingio_tracker.testing import record_everything  # noqa: PLC0415 - see the top

    with record_everything(f"the test {request.node.nodeid}") as events:
        yield events


@contextmanager
def _opened(
    config: pytest.Config, fixture: str, run: str
) -> Generator[CollectorFixture, None, None]:
    from growingio_wire.errors import GrowingError  # noqa: PLC0415 - see the top

    try:
        # If the extra is missing, the error names the command that installs it.
        from growingio_collector.testing import open_source  # noqa: PLC0415
        from growingio_collector.testing.fixture import CollectorFixture  # noqa: PLC0415

        source = open_source(config.getoption(_URL), run)
    except GrowingError as error:
        pytest.fail(str(error), pytrace=False)
    opened = _open_collectors(config)
    with source:
        update = config.getoption(_UPDATE) or os.environ.get(_UPDATE_VARIABLE) == "1"
        opened[fixture] = CollectorFixture(source, update=update)
        try:
            yield opened[fixture]
        finally:
            del opened[fixture]


def _open_collectors(config: pytest.Config) -> dict[str, CollectorFixture]:
    found: Any = config.pluginmanager.get_plugin(_OPEN)
    collectors: dict[str, CollectorFixture] = found.collectors
    return collectors


# pluggy before 1.2 has no other kind of wrapper.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add what the collector received to the report of a failed test."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    # At teardown the collector may be gone already.
    if report.failed and report.when != "teardown":
        names: list[str] = getattr(item, "fixturenames", [])
        collectors = _open_collectors(item.config)
        report.sections.extend(
            (_TITLE, collectors[name].report()) for name in names if name in collectors
        )
