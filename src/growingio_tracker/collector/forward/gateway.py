"""What the rest of the collector sees of forwarding."""

import sqlite3
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Final

from growingio_tracker.collector._log import logger
from growingio_tracker.collector.faults import Fault
from growingio_tracker.collector.forward.forwarder import Forwarder
from growingio_tracker.collector.forward.policy import Fate, fate
from growingio_tracker.collector.forward.queue import (
    State,
    queue_again,
    resume,
    write_outcome,
)
from growingio_tracker.collector.forward.settings import DEFAULT_TIMEOUT_S, Forwarding
from growingio_tracker.collector.forward.upstream import Answer, Upstream
from growingio_tracker.collector.forward.view import count_states, forwards_of, recent
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.query import find_request
from growingio_tracker.collector.store import Received, Store
from growingio_tracker.exceptions import GrowingParamException

_SHOWN: Final = 100
_AT_THE_SAME_TIME: Final = 16
"""So many clients may wait for the server at once; more wait for their turn."""

_BAD_GATEWAY: Final = 502


class Gateway:
    """Forwards what the store holds, if it is told where to.

    :param forwarding: None, nothing is forwarded; single requests can be sent somewhere all the
        same.
    """

    def __init__(self, store: Store, forwarding: Forwarding | None) -> None:
        self._store = store
        self._forwarding = forwarding
        with ExitStack() as stack:
            self._clients: Executor = ThreadPoolExecutor(_AT_THE_SAME_TIME, "growingio-gateway")
            stack.callback(self._clients.shutdown)
            self._upstream: Upstream | None = None
            if forwarding:
                self._upstream = Upstream(forwarding.url, forwarding.timeout_s)
                stack.callback(self._upstream.close)
                resume(store)
                forwarder = Forwarder(store, self._upstream, forwarding)
                stack.callback(forwarder.stop)
            self._open = stack.pop_all()

    @property
    def url(self) -> str | None:
        """Where requests go on to; None when they do not."""
        return self._forwarding.url if self._forwarding else None

    @property
    def executor(self) -> Executor:
        """Runs ``pass_on()`` outside the event loop."""
        return self._clients

    def state_for(self, received: Received, fault: Fault | None) -> str | None:
        """Return the state in which a request is stored; None, it is not to be forwarded.

        What the client was not told to have arrived it sends again, or gives up knowingly; so it
        goes on only when the answer was a success.
        """
        to_go_on = received.project is not None and received.method in ("POST", "GET")
        if self._forwarding is None or not to_go_on or not 200 <= received.answered < 300:
            return None
        bad = any(finding.verdict == BAD for finding in received.findings)
        if bad and self._forwarding.only == "good":
            return State.HELD.value
        # A client that gets the answer of a fault cannot be given the server's.
        at_once = self._forwarding.sync and (fault is None or fault.only_delays)
        return State.SENDING.value if at_once else State.WAITING.value

    def pass_on(self, request_id: int) -> Answer:
        """Send a request whose client waits for the answer, and return it: 502 for none."""
        request = find_request(self._store.path, request_id)
        if request is None or self._upstream is None:
            return Answer(_BAD_GATEWAY, error="The request was removed before it was forwarded.")
        answer = self._upstream.send(request)
        answered = answer.status or _BAD_GATEWAY
        try:
            with self._store.writing() as connection:
                write_outcome(connection, request_id, _at_once(answer), answer)
                connection.execute(
                    "UPDATE request SET answered = ? WHERE id = ?", (answered, request_id)
                )
        except sqlite3.Error as error:
            logger.error("A request was forwarded, which could not be written down: %s", error)
        return answer._replace(status=answered)

    def status(self) -> dict[str, Any]:
        """Return where to, how much, and what became of the newest requests."""
        to = self._forwarding
        return {
            "url": to.url if to else None,
            "sync": to.sync if to else False,
            "only": to.only if to else "all",
            "counts": count_states(self._store.path),
            "recent": recent(self._store.path, _SHOWN),
        }

    def queue_again(self, request_ids: list[int] | None) -> int:
        """Let requests be forwarded anew and return how many; None means all that failed.

        :raises GrowingParamException: nothing is forwarded here.
        """
        self._checked_upstream()
        count = queue_again(self._store, request_ids)
        self._store.tell()
        return count

    def replay(self, request_id: int, to: str | None) -> Answer | None:
        """Send one stored request once more and return the answer; None: there is no such one.

        :param to: the server; None means the one that is forwarded to, and then the outcome is
            written down.
        :raises GrowingParamException: ``to`` cannot be used, or the request waits to be forwarded.
        """
        request = find_request(self._store.path, request_id)
        if request is None:
            return None
        if to is not None:
            upstream = Upstream(to, DEFAULT_TIMEOUT_S, "to")
            answer = upstream.send(request)
            upstream.close()
            return answer
        upstream = self._checked_upstream()
        state = forwards_of(self._store.path, [request_id]).get(request_id, {}).get("state")
        if state in (State.WAITING, State.SENDING):
            raise GrowingParamException(
                f"request {request_id} waits to be forwarded; it would be sent twice."
            )
        answer = upstream.send(request)
        with self._store.writing() as connection:
            write_outcome(connection, request_id, _at_once(answer), answer)
        return answer

    def _checked_upstream(self) -> Upstream:
        if self._upstream is None:
            raise GrowingParamException(
                "to: nothing is forwarded here, so say where to send it; "
                "or start the collector with --forward URL."
            )
        return self._upstream

    def close(self) -> None:
        """End after what is on its way. What waits stays in the store."""
        self._open.close()


def _at_once(answer: Answer) -> State:
    return State.DONE if fate(answer.status) is Fate.DONE else State.FAILED
