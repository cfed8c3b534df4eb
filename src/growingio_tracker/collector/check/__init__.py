"""From decoded messages to their rows: what identifies each, and what is wrong with it.

``message`` judges one message by itself, ``ordinary`` the many that are like those before them,
``memory`` holds what was seen before; ``examine`` composes them.
"""

from growingio_tracker.collector.check.arrival import Arrival
from growingio_tracker.collector.check.examine import examine, examine_all
from growingio_tracker.collector.check.finding import Finding, unreadable
from growingio_tracker.collector.check.memory import Memory

__all__ = ["Arrival", "Finding", "Memory", "examine", "examine_all", "unreadable"]
