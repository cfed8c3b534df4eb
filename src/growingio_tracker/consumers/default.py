"""Send at once (立即发送)."""

from __future__ import annotations

from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.engine import DirectEngine, Engine, Parts


class DefaultConsumer(Strategy):
    """Sends each event in the caller's thread, one request each.

    A call returns when the server has accepted the event. Otherwise it raises
    :class:`~growingio_tracker.exceptions.GrowingIOException` after the repeats, and the event is
    not kept. The parameters are those of :class:`~growingio_tracker.consumers.base.Strategy`.
    """

    def _strategy(self, parts: Parts) -> Engine:
        return DirectEngine(parts)
