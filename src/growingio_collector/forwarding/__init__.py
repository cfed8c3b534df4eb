"""Gateway that forwards received requests, byte for byte, to another server.

It does so in a thread of its own, or while a client waits.
"""

import logging
import sqlite3
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Final

from growingio_collector.forwarding.upstream import POLICY, Upstream
from growingio_collector.receiving.faults import Fault
from growingio_collector.rules.checked import has_bad
from growingio_collector.settings import DEFAULT_TIMEOUT_S, Forwarding
from growingio_collector.store import EventStore
from growingio_collector.store.forwards import (
    TRIES_IN_ORDER,
    State,
    UpstreamAnswer,
    Waiting,
    count_states,
    final_state,
    forwards_of,
    next_in_line,
    now_us,
    queue_again,
    recent,
    resume,
    settle,
    write_outcome,
)
from growingio_collector.store.reading import find_request
from growingio_collector.store.received import Received
from growingio_wire.errors import invalid
from growingio_wire.http.retry import Verdict
from growingio_wire.http.tls import warn_of_verification
from growingio_wire.said import Said

_logger: Final = logging.getLogger("growingio_collector")

_AFTER_STORE_ERROR_S: Final = 5.0
_SHOWN: Final = 100
_AT_THE_SAME_TIME: Final = 16
"""Maximum number of clients that wait for the server simultaneously; others queue."""

_BAD_GATEWAY: Final = 502
_REMOVED: Final = Said(
    "The request was removed before it was forwarded.", "该请求在转发之前已被删除。"
)


class _Forwarder:
    """Thread that forwards queued requests one at a time, oldest first, until ``stop()``.

    After a failure all requests wait, which keeps their order and gives a struggling server a rest.
    A request that has failed ``TRIES_IN_ORDER`` times lets others overtake it, because it may be
    the cause.
    """

    def __init__(self, store: EventStore, upstream: Upstream, forwarding: Forwarding) -> None:
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
        """End after the current request, which takes at most the time-out."""
        self._ending.set()
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        with self._store.listening(self._changed.set):
            while not self._ending.is_set():
                try:
                    self._step()
                except sqlite3.Error as error:
                    _logger.error("Forwarding pauses because the store cannot be used: %s", error)
                    self._ending.wait(_AFTER_STORE_ERROR_S)

    def _step(self) -> None:
        self._changed.clear()
        waiting = next_in_line(self._store.path)
        if waiting is None:
            self._changed.wait()
        elif waiting.pause_s > 0:
            self._changed.wait(waiting.pause_s)
        else:
            self._ending.wait(self._forward(waiting))

    def _forward(self, waiting: Waiting) -> float:
        """Send one request and return the seconds to pause afterwards."""
        request = find_request(self._store.path, waiting.request_id)
        if request is None:
            return 0.0
        answer = self._upstream.send(request)
        if answer.verdict is Verdict.RETRY:
            return self._put_off(waiting, answer)
        self._failures = 0
        settle(self._store, request.id, final_state(answer), answer)
        return 0.0

    def _put_off(self, waiting: Waiting, answer: UpstreamAnswer) -> float:
        pause_s = max(answer.retry_after_s, POLICY.backoff_s(self._failures))
        self._failures += 1
        given_up = now_us() - waiting.queued_us > self._keep_trying_us
        own_s = pause_s
        if waiting.tries + 1 >= TRIES_IN_ORDER:
            # Later than the pause of the whole queue, so that the next request goes first.
            own_s += POLICY.backoff_s(waiting.tries)
        settle(
            self._store,
            waiting.request_id,
            State.FAILED if given_up else State.WAITING,
            answer,
            next_us=now_us() + int(own_s * 1e6),
        )
        return pause_s


class Gateway:
    """Forwards stored requests if a target server is set.

    :param forwarding: None forwards nothing; single requests can still be sent elsewhere.
    """

    def __init__(self, store: EventStore, forwarding: Forwarding | None) -> None:
        self._store = store
        self._forwarding = forwarding
        with ExitStack() as stack:
            self._clients: Executor = ThreadPoolExecutor(_AT_THE_SAME_TIME, "growingio-gateway")
            stack.callback(self._clients.shutdown)
            self._upstream: Upstream | None = None
            if forwarding:
                self._upstream = Upstream(
                    forwarding.url, forwarding.timeout_s, verify_cert=forwarding.verify_cert
                )
                warn_of_verification(forwarding.verify_cert, forwarding.url)
                stack.callback(self._upstream.close)
                resume(store)
                forwarder = _Forwarder(store, self._upstream, forwarding)
                stack.callback(forwarder.stop)
            self._open = stack.pop_all()

    @property
    def url(self) -> str | None:
        """The target server; None if requests are not forwarded."""
        return self._forwarding.url if self._forwarding else None

    @property
    def executor(self) -> Executor:
        """Runs ``pass_on()`` outside the event loop."""
        return self._clients

    def state_for(self, received: Received, fault: Fault | None) -> str | None:
        """Return the state to store a request with; None if it is not to be forwarded.

        Only requests that were answered with success: any others, the client sends again or gives
        up knowingly.
        """
        to_go_on = received.project is not None and received.method in ("POST", "GET")
        if self._forwarding is None or not to_go_on or not 200 <= received.answered < 300:
            return None
        bad = has_bad(received.messages)
        if bad and self._forwarding.only == "good":
            return State.HELD.value
        # A client that gets a simulated fault cannot also get the server's response.
        at_once = self._forwarding.sync and (fault is None or fault.only_delays)
        return State.SENDING.value if at_once else State.WAITING.value

    def pass_on(self, request_id: int) -> UpstreamAnswer:
        """Send a request whose client waits, and return the response, or 502 if there was none."""
        request = find_request(self._store.path, request_id)
        if request is None or self._upstream is None:
            return UpstreamAnswer(_BAD_GATEWAY, error=_REMOVED)
        answer = self._upstream.send(request)
        answered = answer.status or _BAD_GATEWAY
        try:
            with self._store.changing() as connection:
                write_outcome(connection, request_id, final_state(answer), answer)
                connection.execute(
                    "UPDATE request SET answered = ? WHERE id = ?", (answered, request_id)
                )
        except sqlite3.Error as error:
            _logger.error("A request was forwarded, but its outcome could not be stored: %s", error)
        return UpstreamAnswer(answered, *answer[1:])

    def status(self) -> dict[str, Any]:
        """Return the target, the number of requests by state, and the newest."""
        to = self._forwarding
        return {
            "url": to.url if to else None,
            "sync": to.sync if to else False,
            "only": to.only if to else "all",
            "counts": count_states(self._store.path),
            "recent": recent(self._store.path, _SHOWN),
        }

    def queue_again(self, request_ids: list[int] | None) -> int:
        """Queue requests to be forwarded again, and return how many; None means all that failed.

        :raises GrowingParamException: if nothing is forwarded.
        """
        self._checked_upstream()
        return queue_again(self._store, request_ids)

    def replay(self, request_id: int, to: str | None) -> UpstreamAnswer | None:
        """Send one stored request again and return the response; None if there is no such request.

        :param to: the server; None means the forwarding target, and then the outcome is stored.
        :raises GrowingParamException: if ``to`` is invalid, or the request waits to be forwarded.
        """
        request = find_request(self._store.path, request_id)
        if request is None:
            return None
        if to is not None:
            verify_cert = self._forwarding.verify_cert if self._forwarding else True
            upstream = Upstream(to, DEFAULT_TIMEOUT_S, "to", verify_cert=verify_cert)
            answer = upstream.send(request)
            upstream.close()
            return answer
        upstream = self._checked_upstream()
        state = forwards_of(self._store.path, [request_id]).get(request_id, {}).get("state")
        if state in (State.WAITING, State.SENDING):
            raise invalid(
                f"request {request_id} waits to be forwarded; it would be sent twice.",
                f"请求 {request_id} 正等待转发；再发就会重复。",
            )
        answer = upstream.send(request)
        with self._store.changing() as connection:
            write_outcome(connection, request_id, final_state(answer), answer)
        return answer

    def _checked_upstream(self) -> Upstream:
        if self._upstream is None:
            raise invalid(
                "to: nothing is forwarded here, so say where to send it; "
                "or start the collector with --forward URL.",
                "to：这里没有设置转发，请指明发往何处；或以 --forward URL 启动采集器。",
            )
        return self._upstream

    def close(self) -> None:
        """Close after the current requests. Queued ones stay in the store."""
        self._open.close()
