"""From a batch to its outcome: attempts, repeats, halving. It knows neither queue nor thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import Batch, Delivered, Kept, Outcome, Problem, Rejected
from growingio_tracker.delivery.interrupt import Interrupt
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.retry import RetryPolicy, Verdict, verdict
from growingio_tracker.exceptions import GrowingIOException, RejectedError, TransportError
from growingio_tracker.formats.base import DataParser
from growingio_tracker.transport.base import Request, Response, Transport
from growingio_tracker.wire import Kind

_log: Final = logging.getLogger("growingio_tracker.delivery")

_TOO_LARGE: Final = 413
_SHOWN_BODY: Final = 1000
_SETTLES_S: Final = 0.05
_NO_TIME_S: Final = 0.001


class Answer(Struct, frozen=True):
    """What an attempt came to. ``error`` is ``None`` when the server accepted."""

    verdict: Verdict
    error: GrowingIOException | None = None
    status: int = 0
    retry_after_s: float = 0.0


class Sender:
    """Sends batches, one at a time.

    :param addresses: where each kind goes.
    :param request_timeout_s: seconds to connect, and again to wait for each read.
    """

    def __init__(
        self,
        transport: Transport,
        parser: DataParser,
        addresses: Mapping[Kind, str],
        policy: RetryPolicy,
        *,
        request_timeout_s: float,
        ledger: Ledger,
        reporter: Reporter,
        interrupt: Interrupt,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.attempting: set[int] = set()
        """The threads that are inside parser or transport."""
        self._transport = transport
        self._parser = parser
        self._addresses = addresses
        self._policy = policy
        self._request_timeout_s = request_timeout_s
        self._ledger = ledger
        self._reporter = reporter
        self._interrupt = interrupt
        self._clock = clock
        self._failed_rounds = 0
        # Half of the smallest batch of each kind that the server called too large.
        self._max_bytes: dict[Kind, int] = {}
        self._misconfigured: dict[Kind, int] = {}  # the status that was reported last

    def deliver(self, batch: Batch) -> Iterator[tuple[Batch, Outcome]]:
        """Yield the parts of ``batch``, in order and covering it, each with its outcome.

        A batch is halved as long as the server blames its content or its size. When a part has
        to be kept, so is everything behind it: it comes as one last part.
        """
        parts = [batch]
        while parts:
            part = parts.pop(0)
            if self._is_too_large(part):
                parts[:0] = part.halves()
                continue
            answer = self.post(partial(self._request, part), len(part))
            if answer.verdict is Verdict.SPLIT and len(part) > 1:
                parts[:0] = self._split(part, answer)
                continue
            outcome = self._outcome(part.kind, answer)
            if isinstance(outcome, Kept):
                yield part.followed_by(parts), outcome
                return
            yield part, outcome

    def _is_too_large(self, part: Batch) -> bool:
        """Return whether the server would call ``part`` too large, going by what it did before."""
        limit = self._max_bytes.get(part.kind)
        return limit is not None and len(part) > 1 and _size(part) > limit

    def _split(self, part: Batch, answer: Answer) -> tuple[Batch, Batch]:
        if answer.status == _TOO_LARGE:
            # Bytes, not events: one giant among small events must not make later batches tiny.
            half = max(1, _size(part) // 2)
            self._max_bytes[part.kind] = min(half, self._max_bytes.get(part.kind, half))
        return part.halves()

    def _outcome(self, kind: Kind, answer: Answer) -> Outcome:
        if answer.error is None:
            self._failed_rounds = 0
            self._misconfigured.pop(kind, None)
            return Delivered()
        if answer.verdict is Verdict.SPLIT:
            self._failed_rounds = 0
            return self._rejected(answer, answer.error)
        self._failed_rounds += 1
        if answer.verdict is Verdict.MISCONFIGURED:
            self._report_misconfigured(kind, answer)
            return Kept(answer.error, self._policy.misconfigured_interval_s, everywhere=False)
        rest = max(self._policy.rest_s(self._failed_rounds), answer.retry_after_s)
        return Kept(answer.error, rest)

    def _rejected(self, answer: Answer, error: GrowingIOException) -> Rejected:
        reason = f"status_{answer.status}" if answer.status else "not_encodable"
        self._reporter.report(Problem(reason, str(error), 1))
        return Rejected(reason, error)

    def _report_misconfigured(self, kind: Kind, answer: Answer) -> None:
        if answer.status != self._misconfigured.get(kind):
            self._misconfigured[kind] = answer.status
            self._reporter.report(Problem("misconfigured", str(answer.error)))

    def post(self, make_request: Callable[[], Request], events: int) -> Answer:
        """Attempt until something other than "try again" comes, or no repeat is left.

        ``make_request`` is called for each attempt, because a body may depend on its ``stm``.
        """
        answer = self._attempt(make_request, events, repeated=False)
        for repeat in range(self._policy.repeats(self._failed_rounds)):
            if answer.verdict is not Verdict.RETRY:
                break
            if not self._interrupt.pause(max(self._policy.backoff_s(repeat), answer.retry_after_s)):
                break
            if self._timeout_s() <= _NO_TIME_S:
                break
            answer = self._attempt(make_request, events, repeated=True)
        return answer

    def _attempt(
        self, make_request: Callable[[], Request], events: int, *, repeated: bool
    ) -> Answer:
        try:
            self.attempting.add(threading.get_ident())
            return self._try(make_request, events, repeated=repeated)
        finally:
            self.attempting.discard(threading.get_ident())

    def _try(self, make_request: Callable[[], Request], events: int, *, repeated: bool) -> Answer:
        try:
            request = make_request()
        except Exception as error:
            _log.debug("the parser could not encode %d event(s)", events, exc_info=True)
            return Answer(Verdict.SPLIT, _not_encodable(error))
        self._ledger.note_request(repeated=repeated)
        answer = self._exchange(request, events)
        if answer.error is not None:
            self._ledger.note_error(str(answer.error))
        return answer

    def _request(self, batch: Batch) -> Request:
        stm = self._parser.get_timestamp()
        body = self._parser.encode_records(batch.kind, batch.records, stm)
        given = {k: v for k, v in self._parser.get_params(stm).items() if v is not None}
        query = urlencode(given, doseq=True)
        address = self._addresses[batch.kind]
        return Request(
            url=f"{address}?{query}" if query else address,
            body=body,
            headers=self._parser.get_headers(),
            timeout_s=self._timeout_s(),
        )

    def _timeout_s(self) -> float:
        """Return the time-out of a request that begins now.

        One at a silent server ends a little before closing does, so that it is counted in time.
        """
        bounded = self._interrupt.bounded_s(self._request_timeout_s + _SETTLES_S)
        return max(_NO_TIME_S, bounded - _SETTLES_S)

    def _exchange(self, request: Request, events: int) -> Answer:
        try:
            response = self._transport.exchange(request)
            meaning = verdict(response.status)
            if meaning is Verdict.DELIVERED:
                return Answer(meaning, status=response.status)
            return self._refused(meaning, request, response, events)
        except TransportError as error:
            return Answer(Verdict.RETRY, error)
        except Exception as error:
            return Answer(Verdict.RETRY, _failed(request, error))

    def _refused(
        self, meaning: Verdict, request: Request, response: Response, events: int
    ) -> Answer:
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=timezone.utc)
        return Answer(
            meaning,
            _refusal(meaning, request, response, events),
            response.status,
            self._policy.retry_after_s(response.headers, now),
        )


_ADVICE: Final = {
    Verdict.RETRY: "trying again later may help",
    Verdict.SPLIT: "the same event would be refused again",
    Verdict.MISCONFIGURED: "check server_host, product_id and what stands between here and there",
}


def _size(part: Batch) -> int:
    return sum(map(len, part.records))


def _not_encodable(error: Exception) -> GrowingIOException:
    # Not the text of the error: it may hold what was tracked.
    failure = GrowingIOException(f"the parser could not encode the event: {type(error).__name__}")
    failure.__cause__ = error
    return failure


def _failed(request: Request, error: Exception) -> TransportError:
    address = request.url.partition("?")[0]
    failure = TransportError(f"no answer from {address}: {type(error).__name__}")
    failure.__cause__ = error
    return failure


def _refusal(meaning: Verdict, request: Request, response: Response, events: int) -> RejectedError:
    address = request.url.partition("?")[0]
    return RejectedError(
        f"{address} answered {response.status} to {events} event(s); {_ADVICE[meaning]}",
        response.status,
        response.body[:_SHOWN_BODY].decode("utf-8", "replace"),
    )
