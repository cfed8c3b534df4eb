"""Attempts at one request: retries, backoff, timeouts, and the final error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.waiting import Interrupt
from growingio_wire.errors import GrowingIOException, RejectedError, TransportError
from growingio_wire.http import Request, Response, Transport
from growingio_wire.http.retry import RetryPolicy, Verdict, verdict
from growingio_wire.logs import Log
from growingio_wire.said import Said, counted

_log: Final = Log("growingio_tracker.delivery")

_SHOWN_BODY: Final = 1000
_SETTLES_S: Final = 0.05
_NO_TIME_S: Final = 0.001
_NO_ERROR: Final = GrowingIOException(Said("there was no error", "没有错误"))
_NO_MEMORY: Final = Said(
    "out of memory while sending; retrying later may help", "发送时内存不足；稍后重试可能成功"
)
_RESET: Final = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


class Attempt(Struct, frozen=True):
    """Result of the last attempt at a request.

    :param error: the error, unless the server accepted.
    :param resets: the number of last attempts in a row whose connection was lost before a
        response.
    """

    verdict: Verdict
    error: GrowingIOException = _NO_ERROR
    status: int = 0
    retry_after_s: float = 0.0
    resets: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the server accepted."""
        return self.verdict is Verdict.DELIVERED


class Attempts:
    """Makes requests, and retries them as configured.

    :ivar threads: threads that are inside parser or transport.
    """

    def __init__(
        self,
        transport: Transport,
        policy: RetryPolicy,
        *,
        request_timeout_s: float,
        ledger: Ledger,
        interrupt: Interrupt,
    ) -> None:
        self.threads: set[int] = set()
        self._transport = transport
        self._policy = policy
        self._request_timeout_s = request_timeout_s
        self._ledger = ledger
        self._interrupt = interrupt

    def make(self, make_request: Callable[[], Request], events: int, repeats: int) -> Attempt:
        """Attempt until the response is final, or no retry is left.

        :param make_request: called for each attempt, because a body may depend on its ``stm``.
        :param events: number of events in the request.
        :param repeats: maximum number of retries.
        """
        answer = self._attempt(make_request, events, repeated=False)
        for repeat in range(repeats):
            if answer.verdict is not Verdict.RETRY:
                break
            if not self._interrupt.pause(max(self._policy.backoff_s(repeat), answer.retry_after_s)):
                break
            if self.timeout_s() <= _NO_TIME_S:
                break
            before, answer = answer, self._attempt(make_request, events, repeated=True)
            if answer.resets:
                answer = replace(answer, resets=before.resets + 1)
        return answer

    def timeout_s(self) -> float:
        """Return the time-out of a request that begins now.

        While closing, it ends slightly before the deadline, so that the outcome is counted in time.
        """
        bounded = self._interrupt.bounded_s(self._request_timeout_s + _SETTLES_S)
        return max(_NO_TIME_S, bounded - _SETTLES_S)

    def _attempt(
        self, make_request: Callable[[], Request], events: int, *, repeated: bool
    ) -> Attempt:
        try:
            self.threads.add(threading.get_ident())
            return self._try(make_request, events, repeated=repeated)
        finally:
            self.threads.discard(threading.get_ident())

    def _try(self, make_request: Callable[[], Request], events: int, *, repeated: bool) -> Attempt:
        try:
            request = make_request()
        except MemoryError as error:  # no event is to blame
            return Attempt(Verdict.RETRY, _no_memory(error))
        except Exception as error:
            _log.debug("the parser could not encode %d event(s)", events, exc_info=True)
            return Attempt(Verdict.SPLIT, _not_encodable(error))
        self._ledger.note_request(repeated=repeated)
        answer = self._exchange(request, events)
        if not answer.accepted:
            self._ledger.note_error(answer.error.said)
        return answer

    def _exchange(self, request: Request, events: int) -> Attempt:
        try:
            response = self._transport.exchange(request)
            meaning = verdict(response.status)
            if meaning is Verdict.DELIVERED:
                return Attempt(meaning, status=response.status)
            return self._refused(meaning, request, response, events)
        except Exception as error:
            failure = error if isinstance(error, TransportError) else _failed(request, error)
            return Attempt(Verdict.RETRY, failure, resets=int(_was_reset(error)))

    def _refused(
        self, meaning: Verdict, request: Request, response: Response, events: int
    ) -> Attempt:
        return Attempt(
            meaning,
            _refusal(meaning, request, response, events),
            response.status,
            self._policy.retry_after_s(response.headers),
        )


_ADVICE: Final = {
    Verdict.RETRY: Said("trying again later may help", "稍后重试可能成功"),
    Verdict.SPLIT: Said("the same event would be refused again", "再次发送同一事件仍会被拒绝"),
    Verdict.MISCONFIGURED: Said(
        "check server_host, product_id and any gateway or proxy in between",
        "请检查 server_host、product_id，以及中间的网关或代理",
    ),
}


def _was_reset(error: BaseException) -> bool:
    """Return whether an established connection was lost, neither refused nor timed out."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, _RESET):
        found = found.__cause__ or found.__context__
    return found is not None


def _no_memory(error: MemoryError) -> GrowingIOException:
    failure = GrowingIOException(_NO_MEMORY)
    failure.__cause__ = error
    return failure


def _not_encodable(error: Exception) -> GrowingIOException:
    # Without the error's message, which may contain tracked data.
    raised = type(error).__name__
    failure = GrowingIOException(
        Said(f"the parser could not encode the event: {raised}", f"parser 无法编码该事件：{raised}")
    )
    failure.__cause__ = error
    return failure


def _failed(request: Request, error: Exception) -> TransportError:
    raised = type(error).__name__
    failure = TransportError(
        Said(f"no answer from {request.address}: {raised}", f"{request.address} 没有响应：{raised}")
    )
    failure.__cause__ = error
    return failure


def _refusal(meaning: Verdict, request: Request, response: Response, events: int) -> RejectedError:
    address, status, advice = request.address, response.status, _ADVICE[meaning]
    return RejectedError(
        Said(
            f"{address} answered {status} to {counted(events, 'event')}; {advice.en}",
            f"{address} 对 {events} 个事件的响应为 {status}；{advice.zh}",
        ),
        response.status,
        response.body[:_SHOWN_BODY].decode("utf-8", "replace"),
    )
