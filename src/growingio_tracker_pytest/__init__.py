"""The pytest plugin: what a test tracks, recorded, or received by a local collector.

::

    def test_checkout(growingio_collector):
        shop(server_host=growingio_collector.url)
        paid = growingio_collector.wait_for("order_paid", user="u1")
        assert paid.attributes["sku"] == "A-1"
        growingio_collector.assert_no_bad()

Reports of failing tests show what the collector received. The fixture ``growingio_events``, which
sends nothing, is in :mod:`growingio_tracker_pytest.events`.

pytest loads this module at every start. It stands beside ``growingio_tracker``, and imports
nothing but pytest before a fixture is used, so that runs without the fixture stay as fast.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from growingio_tracker_pytest.events import growingio_events as growingio_events

if TYPE_CHECKING:
    from growingio_tracker_pytest.fixture import CollectorFixture

_URL: Final = "--growingio-collector-url"
_OWN: Final = "growingio_collector"
_SHARED: Final = "growingio_collector_session"
_TITLE: Final = "GrowingIO collector"
_OPEN: Final = pytest.StashKey["dict[str, CollectorFixture]"]()
"""The collectors that are open now, by the names of their fixtures."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--growingio-collector-url``."""
    parser.getgroup("growingio").addoption(
        _URL,
        metavar="URL",
        help="use the collector that runs at URL (growingio collector) instead of starting one; "
        "every test keeps to events of its own",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no collector."""
    config.stash[_OPEN] = {}


@pytest.fixture
def growingio_collector(request: pytest.FixtureRequest) -> Iterator[CollectorFixture]:
    """Give the test a collector of its own: a free port, an empty store."""
    with _opened(request.config, _OWN, request.node.name) as collector:
        yield collector


@pytest.fixture(scope="session")
def growingio_collector_session(request: pytest.FixtureRequest) -> Iterator[CollectorFixture]:
    """Give all tests of the session (with xdist: of the worker) one collector."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "session")
    with _opened(request.config, _SHARED, worker) as collector:
        yield collector


@contextmanager
def _opened(
    config: pytest.Config, fixture: str, run: str
) -> Generator[CollectorFixture, None, None]:
    from growingio_tracker.exceptions import GrowingError  # noqa: PLC0415 - see the top

    try:
        # When the extra is missing, this says what to install.
        from growingio_tracker_pytest.fixture import CollectorFixture  # noqa: PLC0415
        from growingio_tracker_pytest.sources import open_source  # noqa: PLC0415

        source = open_source(config.getoption(_URL), run)
    except GrowingError as error:
        pytest.fail(str(error), pytrace=False)
    opened = config.stash[_OPEN]
    with source:
        opened[fixture] = CollectorFixture(source)
        try:
            yield opened[fixture]
        finally:
            del opened[fixture]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what arrived to the report of a test that used a collector and failed."""
    report = yield
    # At teardown the collector may be gone already.
    if report.failed and report.when != "teardown":
        names: list[str] = getattr(item, "fixturenames", [])
        collectors = item.config.stash[_OPEN]
        report.sections.extend(
            (_TITLE, collectors[name].report()) for name in names if name in collectors
        )
    return report
