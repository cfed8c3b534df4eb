"""The fixture ``growingio_events``: what a test tracks, without sending it.

::

    def test_checkout(growingio_events):
        shop.pay("u1")
        growingio_events.assert_tracked("order_paid", count=1, user_id="u1")
        growingio_events.assert_nothing_tracked()
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from growingio_tracker.testing import Recording


@pytest.fixture
def growingio_events(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """Record what every consumer of the process gets, and let nothing reach the network."""
    # pytest loads this module at every start; runs without the fixture stay as fast.
    from growingio_tracker.testing import record_everything  # noqa: PLC0415

    with record_everything(f"the test {request.node.nodeid}") as events:
        yield events
