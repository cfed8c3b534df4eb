"""Sender to a Kafka topic: produces batches, and turns acknowledgements into outcomes.

An event is produced again only if no broker acknowledged it within ``request_timeout`` seconds, if
closing interrupted it, or if another process takes over its spool. All copies have the same event
id.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias
from zlib import crc32

from growingio_tracker.delivery import (
    Batch,
    Delivered,
    Destination,
    Outcome,
    Postponed,
    Rejected,
)
from growingio_tracker.delivery.attempts import Attempt
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.kafka.handle import Handle, NoHandleError
from growingio_tracker.kafka.refusals import Refusal, Refusals
from growingio_tracker.kafka.topic import Writer
from growingio_tracker.model.losses import Problem
from growingio_wire.ending import held
from growingio_wire.errors import GrowingIOException, TransportError
from growingio_wire.http import Request
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.said import Said, counted, joined

_LEAST_TELLING: Final = "_ALL_BROKERS_DOWN"
_SETTLES_S: Final = 0.1
_MAY_BE_PASSING_S: Final = 2.0
"""What one broker reports as a wrong configuration, another may accept."""
_DELIVERED: Final = Delivered()
_NO_ANSWER: Final = Refusal(
    "_TIMED_OUT", Said("no broker acknowledged them in time", "没有 broker 及时确认")
)

_Exceptions: TypeAlias = dict[int, Rejected | Postponed]


class KafkaSender:
    """Sends batches to one topic, from any number of threads.

    :param http: sends what bypasses Kafka; its ledger, reporter and interrupt are used here, too.
    :param destination: the origin of records that do not contain it.
    :param open_handle: opens a handle, which reports errors of connections to its argument.
    :param source_of: a name of the batch's lane that is the same in all processes; ``None`` if no
        other process can continue the lane.
    :param request_timeout_s: maximum seconds without an acknowledgement.
    """

    def __init__(
        self,
        http: Sender,
        destination: Destination,
        open_handle: Callable[[Callable[[Refusal], None]], Handle],
        topic: str,
        *,
        source_of: Callable[[Batch], str | None],
        policy: RetryPolicy,
        request_timeout_s: float,
    ) -> None:
        self.ledger = http.ledger
        self.reporter = http.reporter
        self.interrupt = http.interrupt
        self.attempting = http.attempting
        self._http = http
        self._writer = Writer(destination.product_id, destination.data_source_id)
        self._open_handle = open_handle
        self._topic = topic
        self._source_of = source_of
        self._policy = policy
        self._request_timeout_s = request_timeout_s
        self._token = secrets.token_hex(16)  # names the lanes of this process
        # Guards the handle. Reentrant, because a signal handler may track, and end the process.
        self._lock = threading.RLock()
        self._handle: Handle | None = None
        # The last error of a connection in this round, and its time; a wrong configuration is kept,
        # because it tells more than any other error.
        self._trouble, self._trouble_at_s = _NO_ANSWER, math.inf
        self._reported = ""
        self._failed_rounds = 0
        # By lane: seqs that were acknowledged after one that was not. Those events stay queued
        # behind it, and are not produced again.
        self._ahead: dict[int, frozenset[int]] = {}

    def post(self, request: Request) -> Attempt:
        """Make an HTTP request, which bypasses Kafka."""
        return self._http.post(request)

    def report(self, part: Batch, outcome: Rejected) -> None:
        """Report a rejected part, holding no lock."""
        self._http.report(part, outcome)

    def poll(self) -> None:
        """Let librdkafka run its callbacks while there is nothing to send."""
        handle, thread = self._handle, threading.get_ident()
        if handle is not None and thread not in self.attempting:
            try:
                self.attempting.add(thread)
                handle.poll()
            finally:
                self.attempting.discard(thread)

    def close(self) -> None:
        """Close all connections."""
        self._discard()
        self._http.close()

    def deliver(self, batch: Batch) -> Iterator[tuple[Batch, Outcome]]:
        """Yield the parts of ``batch``, in order and covering it, each with its outcome."""
        ahead = self._ahead.pop(batch.lane, frozenset[int]())
        if later := frozenset(one for one in ahead if one >= batch.end_seq):
            self._ahead[batch.lane] = later
        others = self._not_delivered(batch, ahead)
        if not others:
            yield batch, _DELIVERED
            return
        outcomes = [others.get(number, _DELIVERED) for number in range(len(batch))]
        begin = 0
        for end in range(1, len(batch) + 1):
            outcome = outcomes[begin]
            if isinstance(outcome, Postponed):
                there = (one for one in range(begin, len(batch)) if outcomes[one] is _DELIVERED)
                self._ahead[batch.lane] = ahead.union(batch.first_seq + one for one in there)
                yield batch.after(begin), outcome
                return
            if end == len(batch) or outcomes[end] is not outcome:
                yield batch.after(begin).before(end - begin), outcome
                begin = end

    def _not_delivered(
        self, batch: Batch, ahead: frozenset[int]
    ) -> dict[int, Rejected | Postponed]:
        """Produce a batch; return the outcomes of unacknowledged events, by index.

        :param ahead: seqs that were acknowledged earlier.

        While brokers are known to be unreachable, one event goes first. Events refused for their
        content are produced again in halves, to find the ones at fault.
        """
        wanted = [one for one in range(len(batch)) if batch.first_seq + one not in ahead]
        begin = 1 if self._failed_rounds else len(wanted)
        parts = [part for part in (wanted[:begin], wanted[begin:]) if part]
        outcomes: _Exceptions = {}
        while parts:
            part = parts.pop(0)
            refused = self._round(batch, part)
            suspects = [one for one, refusal in refused.items() if refusal.is_of_content]
            if len(part) == 1 and suspects:
                outcomes[part[0]] = _rejected(refused[part[0]])
                continue
            middle = (len(suspects) + 1) // 2
            parts[:0] = [half for half in (suspects[:middle], suspects[middle:]) if half]
            if len(refused) > len(suspects):
                waiting = [*refused, *(one for behind in parts for one in behind)]
                outcomes.update(dict.fromkeys(waiting, self._postponed(refused, len(part))))
                break
        return outcomes

    def _round(self, batch: Batch, part: list[int]) -> Refusals:
        """Produce some records; return the errors of the unacknowledged ones."""
        thread = threading.get_ident()
        try:
            self.attempting.add(thread)
            self.ledger.note_request(repeated=self._failed_rounds > 0)
            refused = self._produce(batch, part)
        finally:
            self.attempting.discard(thread)
        if len(refused) < len(part):
            self._failed_rounds = 0
        if not refused:
            self._reported = ""
        return refused

    def _produce(self, batch: Batch, part: list[int]) -> Refusals:
        refusals: Refusals = {}
        self._trouble, self._trouble_at_s = _NO_ANSWER, math.inf
        try:
            handle = self._opened()
        except NoHandleError as error:
            return dict.fromkeys(part, error.refusal)
        is_known = is_usable = False
        try:
            source = self._source_of(batch) or f"{self._token}-{batch.lane}"
            for one in part:
                self._give(handle, batch, one, source.encode(), refusals)
            is_known = handle.wait(self._request_timeout_s, self._left_s) or handle.take_back()
            is_usable = is_known and all(one.is_of_content for one in refusals.values())
        finally:
            if not is_usable:  # a gap in its sequence numbers, which brokers may refuse
                self._discard()
        if not is_known:
            refusals = {one: refusals.get(one, self._trouble) for one in part}
        return {
            one: self._trouble if refusal.is_taken_back else refusal
            for one, refusal in refusals.items()
        }

    def _give(
        self, handle: Handle, batch: Batch, one: int, source: bytes, refusals: Refusals
    ) -> None:
        record = batch.records[one]
        event_id = b"%s-%x-%08x" % (source, batch.first_seq + one, crc32(record))
        key, headers = self._writer.described(batch.kind, record, event_id)
        handle.produce(self._topic, record, key, headers, one, refusals)

    def _left_s(self) -> float:
        """Return the seconds left for acknowledgements, regardless of request_timeout."""
        left_s = self.interrupt.bounded_s(math.inf) - _SETTLES_S
        if self._trouble.is_of_configuration:
            return min(left_s, self._trouble_at_s + _MAY_BE_PASSING_S - time.monotonic())
        return left_s

    def _opened(self) -> Handle:
        with held(self._lock):
            if (handle := self._handle) is None:
                # A signal handler may have opened another meanwhile; its messages have outcomes.
                handle, before = self._open_handle(self._note_trouble), self._handle
                self._handle = handle
                if before is not None:
                    before.close()
            return handle

    def _discard(self) -> None:
        with held(self._lock):
            handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _note_trouble(self, trouble: Refusal) -> None:
        if trouble.name == _LEAST_TELLING:
            return
        self.ledger.note_error(trouble.said)
        if not self._trouble.is_of_configuration:
            self._trouble, self._trouble_at_s = trouble, time.monotonic()

    def _postponed(self, refused: Refusals, events: int) -> Postponed:
        refusal = next(one for one in refused.values() if not one.is_of_content)
        self._failed_rounds += 1
        said = Said(
            f"topic {self._topic}: {len(refused)} of {counted(events, 'event')} not acknowledged: "
            f"{refusal.said.en}",
            f"topic {self._topic}：{events} 个事件中有 {len(refused)} 个没有得到确认："
            f"{refusal.said.zh}",
        )
        self.ledger.note_error(said)
        if not refusal.is_of_configuration:
            error: GrowingIOException = TransportError(joined((said, _LATER)))
            return Postponed(error, self._policy.pause_s(self._failed_rounds))
        error = GrowingIOException(joined((said, _CHECK)))
        if self._reported != refusal.name:
            self._reported = refusal.name
            self.reporter.report(Problem.of("misconfigured", error.said))
        return Postponed(error, self._policy.misconfigured_interval_s)


_LATER: Final = Said("trying again later may help", "稍后重试可能成功")
_CHECK: Final = Said(
    "check topic, kafka_options and kafka_config", "请检查 topic、kafka_options 和 kafka_config"
)


def _rejected(refusal: Refusal) -> Rejected:
    said = Said(
        f"the broker refuses the event, and would again: {refusal.said.en}",
        f"broker 拒绝该事件，重试也不会接受：{refusal.said.zh}",
    )
    error = GrowingIOException(said)
    return Rejected(f"kafka_{refusal.name.lower()}", error)
