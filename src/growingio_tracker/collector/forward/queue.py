"""The table of what is forwarded: what waits, what was done, what failed and why."""

import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from sqlite3 import Connection
from typing import Final, NamedTuple

from growingio_tracker.collector.forward.policy import TRIES_IN_ORDER
from growingio_tracker.collector.forward.upstream import Answer
from growingio_tracker.collector.schema import reading
from growingio_tracker.collector.store import Store

KEPT_ANSWER_BYTES: Final = 1024
"""So much of an answer is kept and shown."""


class State(str, Enum):
    """Where a request is on its way.

    ``SENDING`` is one whose client waits for the answer: the thread of the others leaves it alone.
    ``HELD`` holds a bad event and was not to be forwarded.
    """

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


class Waiting(NamedTuple):
    """A request that is next in line. ``tries`` were made before; times are in microseconds."""

    request_id: int
    tries: int
    queued_us: int
    next_us: int

    @property
    def rest_s(self) -> float:
        """Seconds until it may be sent; 0 if it may be now."""
        return max(0.0, (self.next_us - now_us()) / 1e6)


# One that was tried less often holds up those behind it, after a restart too.
_IN_LINE: Final = """
SELECT request_id, tries, queued_us, next_us FROM forward
WHERE state = 'waiting' AND (tries < ? OR next_us <= ?)
AND request_id IN (SELECT id FROM request)
ORDER BY request_id LIMIT 1
"""
_OUT_OF_LINE: Final = """
SELECT request_id, tries, queued_us, next_us FROM forward
WHERE state = 'waiting' AND request_id IN (SELECT id FROM request)
ORDER BY next_us LIMIT 1
"""
# What was removed meanwhile is not brought back.
_SETTLE: Final = """
INSERT INTO forward (request_id, state, tries, queued_us, next_us, status, answer, error)
SELECT id, ?, 1, received_us, ?, ?, ?, ? FROM request WHERE id = ?
ON CONFLICT (request_id) DO UPDATE SET state = excluded.state, tries = tries + 1,
    next_us = excluded.next_us, status = excluded.status, answer = excluded.answer,
    error = excluded.error
"""
_AGAIN: Final = """
INSERT INTO forward (request_id, state, tries, queued_us, next_us)
SELECT id, 'waiting', 0, ?, 0 FROM request WHERE id = ?
ON CONFLICT (request_id) DO UPDATE SET state = 'waiting', tries = 0,
    queued_us = excluded.queued_us, next_us = 0
WHERE state NOT IN ('waiting', 'sending')
"""


def now_us() -> int:
    """Return the time as the store counts it."""
    return time.time_ns() // 1000


def next_in_line(path: Path) -> Waiting | None:
    """Return the request that is to be sent next, now or when its time has come.

    None when nothing waits.
    """
    with reading(path) as connection:
        row = connection.execute(_IN_LINE, (TRIES_IN_ORDER, now_us())).fetchone()
        row = row or connection.execute(_OUT_OF_LINE).fetchone()
    return Waiting(*row) if row else None


def settle(
    store: Store, request_id: int, state: State, answer: Answer, *, next_us: int = 0
) -> None:
    """Write down what became of one try.

    :param next_us: when it is tried again, if it still waits.
    :raises sqlite3.Error: the file cannot take it.
    """
    with store.writing() as connection:
        write_outcome(connection, request_id, state, answer, next_us)


def write_outcome(
    connection: Connection, request_id: int, state: State, answer: Answer, next_us: int = 0
) -> None:
    """Do the same within a transaction of the caller's."""
    kept = answer.body[:KEPT_ANSWER_BYTES]
    row = (state.value, next_us, answer.status or None, kept, answer.error, request_id)
    connection.execute(_SETTLE, row)


def resume(store: Store) -> None:
    """Let what a collector was sending when it died wait for its turn."""
    with store.writing() as connection:
        connection.execute("UPDATE forward SET state = 'waiting' WHERE state = 'sending'")


def queue_again(store: Store, request_ids: Sequence[int] | None) -> int:
    """Let requests wait for being forwarded anew, and return how many.

    Those that wait already are left as they are.

    :param request_ids: which; None means all that failed.
    """
    with store.writing() as connection:
        if request_ids is None:
            failed = connection.execute("SELECT request_id FROM forward WHERE state = 'failed'")
            request_ids = [row[0] for row in failed]
        queued_us = now_us()
        return sum(connection.execute(_AGAIN, (queued_us, one)).rowcount for one in request_ids)
