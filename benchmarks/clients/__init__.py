"""The SDKs that are measured, one module each, imported where this one SDK is installed.

``make(server, strategy)`` returns a `Client` whose events say the same: an order was paid, by one
user, with five attributes. ``background`` is the SDK's default way of delivery, ``single`` sends
one event a request, and ``waiting`` sends nothing, where the SDK can be made to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

NAME = "order_paid"
USER = "user-1"
ATTRIBUTES = {"sku": "A-1", "color": "red", "city": "上海", "qty": 2, "price": 15.5}
MANY = 2_000_000
HOUR_S = 3600


class Client(NamedTuple):
    """What the probes need of an SDK."""

    track: Callable[[], object]
    """Hand over one event."""
    flush: Callable[[], object]
    """Ask for delivery of what waits; it need not wait for it."""
    room: int = 1_000_000
    """How many events the SDK's queue takes before it drops some."""
    marker: str = NAME
    """What stands once in the body of a request for each of its events."""
    answer: str = '{"status": 1, "code": 0}'
    """What the SDK takes for a success."""
    delivered: Callable[[], int] | None = None
    """How many events were delivered, where a body does not show that."""
