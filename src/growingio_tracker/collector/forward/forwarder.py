"""The thread that forwards what waits in the store, one request after the other, oldest first."""

import sqlite3
import threading
from typing import Final

from growingio_tracker.collector._log import logger
from growingio_tracker.collector.forward.policy import TRIES_IN_ORDER, Fate, backoff_s, fate
from growingio_tracker.collector.forward.queue import (
    State,
    Waiting,
    next_in_line,
    now_us,
    settle,
)
from growingio_tracker.collector.forward.settings import Forwarding
from growingio_tracker.collector.forward.upstream import Answer, Upstream
from growingio_tracker.collector.query import find_request
from growingio_tracker.collector.store import Store

_AFTER_STORE_ERROR_S: Final = 5.0


class Forwarder:
    """Forwards from construction until ``stop()``.

    After a failure everything waits, so that the order is kept and a struggling server is left
    alone. A request that has failed ``TRIES_IN_ORDER`` times lets the others pass: it may be the
    one thing that the server cannot take.
    """

    def __init__(self, store: Store, upstream: Upstream, forwarding: Forwarding) -> None:
        self._store = store
        self._upstream = upstream
        self._keep_trying_us = forwarding.keep_trying_s * 1e6
        self._failures = 0
        self._changed = threading.Event()
        self._ending = threading.Event()
        # A daemon: a forgotten collector must not keep the interpreter from ending.
        self._thread = threading.Thread(
            target=self._run, name="growingio-collector-forwarder", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End after the request that is on its way, which takes twice the time-out at most."""
        self._ending.set()
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        with self._store.listening(self._changed.set):
            while not self._ending.is_set():
                try:
                    self._step()
                except sqlite3.Error as error:
                    logger.error("Forwarding pauses, the store cannot be used: %s", error)
                    self._ending.wait(_AFTER_STORE_ERROR_S)

    def _step(self) -> None:
        self._changed.clear()
        waiting = next_in_line(self._store.path)
        if waiting is None:
            self._changed.wait()
        elif waiting.rest_s > 0:
            self._changed.wait(waiting.rest_s)
        else:
            self._ending.wait(self._forward(waiting))

    def _forward(self, waiting: Waiting) -> float:
        """Try one request and return the seconds for which to leave the server alone."""
        request = find_request(self._store.path, waiting.request_id)
        if request is None:
            return 0.0
        answer = self._upstream.send(request)
        became = fate(answer.status)
        if became is not Fate.RETRY:
            self._failures = 0
            settle(self._store, request.id, State(became.value), answer)
            return 0.0
        return self._put_off(waiting, answer)

    def _put_off(self, waiting: Waiting, answer: Answer) -> float:
        self._failures += 1
        pause_s = max(answer.retry_after_s, backoff_s(self._failures))
        given_up = now_us() - waiting.queued_us > self._keep_trying_us
        own_s = pause_s
        if waiting.tries + 1 >= TRIES_IN_ORDER:
            # Later than the pause that all observe, so that the next in line goes first.
            own_s += backoff_s(waiting.tries + 1)
        settle(
            self._store,
            waiting.request_id,
            State.FAILED if given_up else State.WAITING,
            answer,
            next_us=now_us() + int(own_s * 1e6),
        )
        return pause_s
