"""Local collector: point any GrowingIO client at it to see what arrives and what is wrong with it.

::

    with Collector() as collector:
        shop(server_host=collector.url)
        [paid] = collector.wait(1, name="order_paid")
        assert paid.attributes["sku"] == "A-1"
"""

from growingio_wire.errors import missing_extra
from growingio_wire.said import Said

try:
    from growingio_collector.embedded import DEFAULT_PORT, Collector
    from growingio_collector.plan.report import Report
    from growingio_collector.rules.issue import Issue
    from growingio_collector.settings import Forwarding, Handling, Serving
    from growingio_collector.store.filter import Filters
    from growingio_collector.store.pruning import Keep
    from growingio_collector.store.rows import Event, Step, StoredRequest, Totals
    from growingio_collector.store.waiting import Miss, WaitTimeoutError
except ModuleNotFoundError as error:
    if error.name in ("starlette", "uvicorn", "cramjam", "yaml"):
        raise missing_extra(Said("the local collector", "本地采集器"), "collector") from error
    raise

__all__ = [
    "DEFAULT_PORT",
    "Collector",
    "Event",
    "Filters",
    "Forwarding",
    "Handling",
    "Issue",
    "Keep",
    "Miss",
    "Report",
    "Serving",
    "Step",
    "StoredRequest",
    "Totals",
    "WaitTimeoutError",
]
