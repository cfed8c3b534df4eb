"""Several threads that send at once (``workers``)."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import defaultdict

import pytest

from delivering.processes import run_well
from delivering.servers import Answer, Server, reply
from delivering.waiting import DEADLINE_S, until
from growingio_tracker import AsyncBufferedConsumer, GrowingParamException, GrowingTracker
from growingio_tracker.delivery import QueueLimits

USERS = [f"user-{number}" for number in range(40)]


class Gate:
    """An answer that is given when the gate opens, and how many wait for that."""

    def __init__(self) -> None:
        self.waiting = 0
        self._open = threading.Event()

    def __call__(self, connection: socket.socket) -> bool:
        self.waiting += 1
        assert self._open.wait(DEADLINE_S)
        connection.sendall(reply(204))
        return True

    def open(self) -> None:
        self._open.set()


def _order(server: Server) -> dict[str, list[int]]:
    """Return the numbers of each user's events in the order of their arrival."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for request in server.received:
        for message in json.loads(request.body):
            numbers[message["userId"]].append(int(message["eventName"]))
    return numbers


def _track(consumer: AsyncBufferedConsumer, events: int) -> None:
    tracker = GrowingTracker.consumer(consumer)
    for number in range(events):
        for user in USERS:
            tracker.track_custom_event(str(number), login_user_id=user)


def test_requests_at_once() -> None:
    """With four workers four requests are on their way at once, and never a fifth."""
    gate = Gate()
    answers: list[Answer] = [gate] * 4
    with (
        Server(*answers) as server,
        AsyncBufferedConsumer("p", "d", server.url, max_size=10, workers=4) as consumer,
    ):
        _track(consumer, 20)
        until(lambda: gate.waiting == 4, "four requests")
        assert len(server.received) == 4
        gate.open()
        assert consumer.flush(DEADLINE_S), consumer.stats()
        assert consumer.stats().delivered == 20 * len(USERS)


def test_c4_order_of_a_user() -> None:
    """A user's events arrive in the order of the calls, also when requests are repeated."""
    with (
        Server(*[503, 204, None, 204, 500] * 4) as server,
        AsyncBufferedConsumer(
            "p", "d", server.url, max_size=7, flush_after=0, workers=4, retry_backoff_factor=0.01
        ) as consumer,
    ):
        _track(consumer, 50)
        assert consumer.flush(DEADLINE_S), consumer.stats()
        arrived = _order(server)
    for user in USERS:
        first_time = list(dict.fromkeys(arrived[user]))
        assert first_time == sorted(first_time) == list(range(50))


def test_close_delivers_all() -> None:
    """Closing right after the last call delivers what every thread has."""
    with Server() as server:
        consumer = AsyncBufferedConsumer("p", "d", server.url, workers=8)
        _track(consumer, 30)
        assert consumer.close(DEADLINE_S), consumer.stats()
        assert len(server.names) == 30 * len(USERS)


def test_limits_of_all_threads() -> None:
    """The queue's limit is one for all threads."""
    gate = Gate()
    answers: list[Answer] = [gate] * 3
    with Server(*answers) as server:
        consumer = AsyncBufferedConsumer(
            "p", "d", server.url, max_size=5, workers=3, queue=QueueLimits(max_events=60)
        )
        _track(consumer, 5)
        stats = consumer.stats()
        assert stats.pending == 60
        assert stats.dropped == {"queue_full": 140}
        gate.open()
        assert consumer.close(DEADLINE_S)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")
def test_f1_fork() -> None:
    """A forked child has workers of its own, and parent and child deliver their events once."""
    code = """
    import os, sys, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from growingio_tracker import *

    consumer = AsyncBufferedConsumer("p", "d", sys.argv[1], workers=3)
    tracker = GrowingTracker.consumer(consumer)

    def track(who):
        for number in range(30):
            tracker.track_custom_event(f"{who}-{number}", login_user_id=f"u{number}")

    track("before")
    child = os.fork()
    track("child" if child == 0 else "parent")
    if child:
        os.waitpid(child, 0)
    """
    with Server() as server:
        run_well(code, server.url)
        expected = [f"{who}-{n}" for who in ("before", "child", "parent") for n in range(30)]
        assert sorted(server.names) == sorted(expected)


@pytest.mark.parametrize("workers", [0, 65, -1, True, 1.0, "2", None])
def test_bad_number(workers: object) -> None:
    """A number of workers that is none is refused, and the message says what is allowed."""
    with pytest.raises(GrowingParamException, match="workers must be an int from 1 to 64, got"):
        AsyncBufferedConsumer("p", "d", "http://x.example", workers=workers)  # type: ignore[arg-type]
