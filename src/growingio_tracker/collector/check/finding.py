"""The row of one message."""

import msgspec

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.problems.text import BAD, OK, WARN
from growingio_tracker.collector.rows import REQUEST

Types = tuple[tuple[str, str], ...]
"""The keys of a message's properties, each with the JSON type of its value."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One event as the store keeps it; see ``rows.Event`` for the meaning of each value.

    ``types`` are the message's properties, each with the JSON type of its value.
    """

    kind: str
    type: str | None = None
    name: str | None = None
    user_key: str | None = None
    user_id: str | None = None
    device_id: str | None = None
    timestamp: int | None = None
    text: str | None = None
    problems: tuple[Problem, ...] = ()
    types: Types = ()

    @property
    def verdict(self) -> str:
        """The worst level among the problems."""
        if not self.problems:
            return OK
        return BAD if any(problem.level == BAD for problem in self.problems) else WARN


def unreadable(problem: Problem) -> Finding:
    """Return the row of a request from which no message could be read."""
    return Finding(REQUEST, problems=(problem,))
