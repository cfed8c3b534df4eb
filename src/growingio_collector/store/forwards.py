"""Table of requests to forward, with their states, attempts and errors."""

import time
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Final, NamedTuple

from growingio_collector.store import EventStore
from growingio_collector.store.schema import reading
from growingio_wire.http.retry import Verdict, verdict
from growingio_wire.said import Said

TRIES_IN_ORDER: Final = 8
"""Attempts, over about a minute, after which later requests may overtake a failing one."""

KEPT_ANSWER_BYTES: Final = 1024
"""Bytes of a response that are stored and shown."""


class State(str, Enum):
    """State of a request to forward.

    ``SENDING`` means that its client is waiting for the response, so the background thread leaves
    it alone. ``HELD`` means that it has a bad event and is not forwarded.
    """

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


class UpstreamAnswer(NamedTuple):
    """Response of the target server. ``status`` is 0 without one, and ``error`` says why."""

    status: int = 0
    body: bytes = b""
    content_type: str | None = None
    retry_after_s: float = 0.0
    error: Said | None = None

    @property
    def verdict(self) -> Verdict:
        """Verdict on the request; without a response, the server may accept it later."""
        return verdict(self.status) if self.status else Verdict.RETRY


def final_state(answer: UpstreamAnswer) -> State:
    """Return the state of a request that is not sent again."""
    return State.DONE if answer.verdict is Verdict.DELIVERED else State.FAILED


class Waiting(NamedTuple):
    """The next request to send. ``tries`` counts earlier attempts; times are in microseconds."""

    request_id: int
    tries: int
    queued_us: int
    next_us: int

    @property
    def pause_s(self) -> float:
        """Seconds until it may be sent; 0 if it may be now."""
        return max(0.0, (self.next_us - now_us()) / 1e6)


# A request with fewer attempts blocks those behind it, also after a restart.
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
# Requests that were removed in the meantime stay removed.
_SETTLE: Final = """
INSERT INTO forward (request_id, state, tries, queued_us, next_us, status, answer, error, error_zh)
SELECT id, ?, 1, received_us, ?, ?, ?, ?, ? FROM request WHERE id = ?
ON CONFLICT (request_id) DO UPDATE SET state = excluded.state, tries = tries + 1,
    next_us = excluded.next_us, status = excluded.status, answer = excluded.answer,
    error = excluded.error, error_zh = excluded.error_zh
"""
_AGAIN: Final = """
INSERT INTO forward (request_id, state, tries, queued_us, next_us)
SELECT id, 'waiting', 0, ?, 0 FROM request WHERE id = ?
ON CONFLICT (request_id) DO UPDATE SET state = 'waiting', tries = 0,
    queued_us = excluded.queued_us, next_us = 0
WHERE state NOT IN ('waiting', 'sending')
"""


def now_us() -> int:
    """Return the current time in the unit of the store."""
    return time.time_ns() // 1000


def next_in_line(path: Path) -> Waiting | None:
    """Return the request to send next, now or once its pause is over.

    None if none is waiting.
    """
    with reading(path) as connection:
        row = connection.execute(_IN_LINE, (TRIES_IN_ORDER, now_us())).fetchone()
        row = row or connection.execute(_OUT_OF_LINE).fetchone()
    return Waiting(*row) if row else None


def settle(
    store: EventStore, request_id: int, state: State, answer: UpstreamAnswer, *, next_us: int = 0
) -> None:
    """Store the outcome of one attempt.

    :param next_us: time of the next attempt, if it is still waiting.
    :raises sqlite3.Error: if the file cannot be written.
    """
    with store.changing() as connection:
        write_outcome(connection, request_id, state, answer, next_us)


def write_outcome(
    connection: Connection, request_id: int, state: State, answer: UpstreamAnswer, next_us: int = 0
) -> None:
    """Store the outcome of one attempt within the caller's transaction."""
    kept = answer.body[:KEPT_ANSWER_BYTES]
    error_en, error_zh = answer.error or (None, None)
    row = (state.value, next_us, answer.status or None, kept, error_en, error_zh, request_id)
    connection.execute(_SETTLE, row)


def resume(store: EventStore) -> None:
    """Return requests to the queue that a collector was sending when it crashed."""
    with store.writing() as connection:
        connection.execute("UPDATE forward SET state = 'waiting' WHERE state = 'sending'")


def queue_again(store: EventStore, request_ids: Sequence[int] | None) -> int:
    """Queue requests to be forwarded again, and return how many.

    Requests that are already queued are left alone.

    :param request_ids: the requests; None means all that failed.
    """
    with store.changing() as connection:
        if request_ids is None:
            failed = connection.execute("SELECT request_id FROM forward WHERE state = 'failed'")
            request_ids = [row[0] for row in failed]
        queued_us = now_us()
        return sum(connection.execute(_AGAIN, (queued_us, one)).rowcount for one in request_ids)


_RECENT: Final = "SELECT * FROM forward ORDER BY request_id DESC LIMIT ?"
_AT_ONCE: Final = 500
"""Old versions of SQLite accept only 999 values per statement."""


def count_states(path: Path) -> dict[str, int]:
    """Return the number of requests in each state, including zeros."""
    with reading(path) as connection:
        found = dict(
            connection.execute("SELECT state, count(*) FROM forward GROUP BY state").fetchall()
        )
    return {state.value: found.get(state.value, 0) for state in State}


def recent(path: Path, limit: int) -> list[dict[str, Any]]:
    """Return the forwarding states of the newest requests, newest first."""
    with reading(path) as connection:
        return [_shown(row) for row in connection.execute(_RECENT, (limit,))]


def forwards_of(path: Path, request_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the forwarding states of these requests, without those never queued."""
    wanted = list(request_ids)
    found: dict[int, dict[str, Any]] = {}
    with reading(path) as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT * FROM forward WHERE request_id IN ({marks})"
            found |= {row["request_id"]: _shown(row) for row in connection.execute(query, some)}
    return found


def _shown(row: Row) -> dict[str, Any]:
    return {
        "request_id": row["request_id"],
        "state": row["state"],
        "tries": row["tries"],
        "status": row["status"],
        "answer": (row["answer"] or b"").decode("utf-8", "replace"),
        "error": row["error"],
        "error_zh": row["error_zh"],
    }
