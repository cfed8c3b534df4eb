"""A local collector: point any GrowingIO client at it and see what arrives, and what is wrong.

::

    with Collector() as collector:
        shop(server_host=collector.url)
        [paid] = collector.wait(1, name="order_paid")
        assert paid.attributes["sku"] == "A-1"
"""

from growingio_tracker._extras import missing_extra

try:
    from growingio_tracker.collector.embedded import DEFAULT_PORT, Collector
    from growingio_tracker.collector.filters import Filters
    from growingio_tracker.collector.forward.settings import Forwarding
    from growingio_tracker.collector.nearest import Miss
    from growingio_tracker.collector.plan.report import Report
    from growingio_tracker.collector.problems.problem import Problem
    from growingio_tracker.collector.pruning import Keep
    from growingio_tracker.collector.rows import Event, Request, Step, Totals
    from growingio_tracker.collector.settings import Handling, Serving
    from growingio_tracker.collector.waiting import WaitTimeoutError
except ModuleNotFoundError as error:
    if error.name in ("starlette", "uvicorn", "cramjam", "yaml"):
        raise missing_extra("the local collector", "collector") from error
    raise

__all__ = [
    "DEFAULT_PORT",
    "Collector",
    "Event",
    "Filters",
    "Forwarding",
    "Handling",
    "Keep",
    "Miss",
    "Problem",
    "Report",
    "Request",
    "Serving",
    "Step",
    "Totals",
    "WaitTimeoutError",
]
