"""Sending the requests of a store again, to any server."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from growingio_tracker.collector.forward.policy import Fate, backoff_s, fate
from growingio_tracker.collector.forward.upstream import Answer, Upstream
from growingio_tracker.collector.query import find_request
from growingio_tracker.collector.rows import Request
from growingio_tracker.collector.schema import reading

Choice = Literal["all", "failed", "bad", "good"]

_TRIES: Final = 3
_LONGEST_WAIT_S: Final = 30.0

# What has no project went to no collect path, and of what broke off or was too large only a part
# was kept.
_WHOLE: Final = """
SELECT id FROM request WHERE received_us >= ? AND method IN ('POST', 'GET')
AND EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND project IS NOT NULL)
AND NOT EXISTS (
    SELECT 1 FROM event JOIN problem ON event_id = event.id
    WHERE request_id = request.id AND code IN ('too_large', 'broken_off')
)
"""
_BAD: Final = "EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND verdict = 'bad')"
_CHOSEN: Final[dict[Choice, str]] = {
    "all": "1",
    "failed": "id IN (SELECT request_id FROM forward WHERE state = 'failed')",
    "bad": _BAD,
    "good": f"NOT {_BAD}",
}


class Sent(NamedTuple):
    """One request that was sent, and what came back."""

    request_id: int
    answer: Answer

    @property
    def arrived(self) -> bool:
        """Whether the server said that it took it."""
        return fate(self.answer.status) is Fate.DONE


def choose(path: Path, only: Choice, since_us: int = 0) -> list[int]:
    """Return the ids of the requests that can be sent again, oldest first.

    :param only: ``"failed"`` are those that were not forwarded in the end; ``"bad"`` those with a
        bad event, ``"good"`` all others.
    :param since_us: only those received since then, in Unix microseconds.
    """
    query = f"{_WHOLE} AND {_CHOSEN[only]} ORDER BY id"
    with reading(path) as connection:
        return [row["id"] for row in connection.execute(query, (since_us,))]


def send_again(
    path: Path,
    request_ids: Sequence[int],
    upstream: Upstream,
    pace: float,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[Sent]:
    """Send requests as they came, one after the other, and yield what came of each.

    One that the server may take later is tried three times. Those removed meanwhile are left out.

    :param pace: requests per second, at most.
    """
    for request_id in request_ids:
        request = find_request(path, request_id)
        if request:
            begun = time.monotonic()
            yield Sent(request_id, _send_patiently(upstream, request, sleep))
            sleep(max(0.0, begun + 1 / pace - time.monotonic()))


def _send_patiently(
    upstream: Upstream, request: Request, sleep: Callable[[float], object]
) -> Answer:
    for failures in range(1, _TRIES):
        answer = upstream.send(request)
        if fate(answer.status) is not Fate.RETRY:
            return answer
        sleep(min(_LONGEST_WAIT_S, max(answer.retry_after_s, backoff_s(failures))))
    return upstream.send(request)
