"""The strategies that queue, and the module by which programs of the tests use one."""

from __future__ import annotations

from typing import Final

IN_MEMORY: Final = {
    "async": 'AsyncBufferedConsumer("p", "d", url, flush_after=3600)',
    "buffered": 'BufferedConsumer("p", "d", url)',
}
"""Expressions. Each consumer waits until it is told to flush or to close. ``url`` is the server's
address."""

QUEUING: Final = {
    **IN_MEMORY,
    "durable": 'DurableConsumer("p", "d", url, flush_after=3600, spool=folder + "/spool")',
}
"""The same and more; ``folder`` belongs to the program alone."""

TRACKING: Final = '''
    """Tracks in the way that the test asks for."""

    import os

    from growingio_tracker import *

    url = os.environ["COLLECT"]
    folder = os.path.dirname(__file__)
    consumer = eval(os.environ["CONSUMER"])
    tracker = GrowingTracker.consumer(consumer)

    def track(name):
        tracker.track_custom_event(str(name), anonymous_id="x")
'''
