"""Sender, which delivers a batch and reports its outcome.

A batch is halved if it is too large, or if its content may be the cause of a rejection, until a
single event is left. The sender is independent of the waiting room and of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from msgspec import Struct

from growingio_tracker.delivery import Batch, Delivered, Outcome, Postponed, Rejected
from growingio_tracker.delivery.address import Address
from growingio_tracker.delivery.attempts import Attempt, Attempts
from growingio_tracker.delivery.formats import DataParser
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.waiting import Interrupt
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.http import Request, Transport
from growingio_wire.http.retry import RetryPolicy, Verdict
from growingio_wire.table import Kind

_MOST_SUSPECTS: Final = 16


class _Suspect(Struct, frozen=True):
    """One event rejected by an address that has accepted others."""

    part: Batch
    answer: Attempt


class DeliversBatches(Protocol):
    """Interface of a sender, as a pipeline uses it.

    :ivar attempting: the threads that are inside parser, transport or client library.
    """

    ledger: Ledger
    reporter: Reporter
    interrupt: Interrupt
    attempting: set[int]

    def deliver(self, batch: Batch) -> Iterator[tuple[Batch, Outcome]]:
        """Yield the parts of ``batch`` in order, each with its outcome.

        If a part is postponed, so is everything after it, as one last part.
        """
        ...

    def report(self, part: Batch, outcome: Rejected) -> None:
        """Report a rejected part, without any lock."""
        ...

    def post(self, request: Request) -> Attempt:
        """Make a request that is not a batch, repeating as configured."""
        ...

    def close(self) -> None:
        """Close the connections. Later deliveries open new ones."""
        ...


class Sender:
    """Sends batches over HTTP. Usable from several threads.

    :param addresses: the address of each kind.
    :param request_timeout_s: maximum seconds per attempt.
    :ivar attempting: the threads that are inside parser or transport.
    :ivar meanwhile: called with each batch while the response to it is awaited; it raises nothing.
        ``None`` does nothing.
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
    ) -> None:
        self._transport = transport
        self.ledger = ledger
        self.reporter = reporter
        self.interrupt = interrupt
        self._attempts = Attempts(
            transport,
            policy,
            request_timeout_s=request_timeout_s,
            ledger=ledger,
            interrupt=interrupt,
        )
        self.attempting = self._attempts.threads
        self._parser = parser
        self._policy = policy
        self._addresses = {kind: Address(url) for kind, url in addresses.items()}
        self._failed_rounds = 0
        self.meanwhile: Callable[[Batch], None] | None = None

    def post(self, request: Request) -> Attempt:
        """Make a request that is not a batch, repeating as configured."""
        return self._attempts.make(lambda: request, 1, self._policy.repeats(self._failed_rounds))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def deliver(self, batch: Batch) -> Iterator[tuple[Batch, Outcome]]:
        """Yield the parts of ``batch``; see :meth:`DeliversBatches.deliver`.

        Before a rejected part is settled, it is reported with :meth:`report`, which may raise
        SystemExit.
        """
        address = self._addresses[batch.kind]
        parts, suspects, after_reset = [batch], list[_Suspect](), False
        while parts and len(suspects) < _MOST_SUSPECTS:
            part = parts.pop(0)
            if address.is_too_large(part):
                parts[:0] = part.halves()
                continue
            answer = self._send(part, address, once=after_reset)
            after_reset = bool(answer.resets)
            if len(part) > 1 and self._is_halved(answer, address):
                parts[:0] = part.halves()
            elif address.suspects_content(answer):
                suspects.append(_Suspect(part, answer))
            elif (outcome := self._settled(answer)) is not None:
                doubt = (yield from self._convictions(suspects, address)) if suspects else None
                if doubt is not None:
                    yield _joined(suspects, [part, *parts]), doubt
                    return
                yield part, outcome
            else:
                yield _joined(suspects, [part, *parts]), self._postponed(address, answer)
                return
        if suspects:
            yield from self._judged(suspects, parts, address)

    def report(self, part: Batch, outcome: Rejected) -> None:
        """Report a rejected part, without any lock."""
        self.reporter.report(Problem.of(outcome.reason, outcome.error.said, len(part)))

    def _send(self, part: Batch, address: Address, *, once: bool) -> Attempt:
        repeats = 0 if once else self._policy.repeats(self._failed_rounds)
        answer = self._attempts.make(partial(self._request, part, address), len(part), repeats)
        address.note(part, answer)
        return answer

    def _is_halved(self, answer: Attempt, address: Address) -> bool:
        """Return whether to split a part of several events to find the invalid one.

        While requests are known to fail, one probe is enough; the next one will be smaller.
        """
        full_rounds = self._policy.full_rounds
        probing = full_rounds is not None and self._failed_rounds >= full_rounds
        is_reset = answer.resets > 0 and address.keeps_resetting and not probing
        return is_reset or address.blames_content(answer)

    def _settled(self, answer: Attempt) -> Delivered | Rejected | None:
        """Return the outcome of a part if its response is sufficient to decide."""
        if answer.accepted:
            self._failed_rounds = 0
            return Delivered()
        return self._rejected(answer) if answer.verdict is Verdict.SPLIT else None

    def _postponed(self, address: Address, answer: Attempt) -> Postponed:
        self._failed_rounds += 1
        if answer.verdict is Verdict.MISCONFIGURED:
            if address.reported_status != answer.status:
                address.reported_status = answer.status
                self.reporter.report(Problem.of("misconfigured", answer.error.said))
            interval_s = self._policy.misconfigured_interval_s
            return Postponed(answer.error, interval_s, everywhere=False)
        pause_s = max(self._policy.pause_s(self._failed_rounds), answer.retry_after_s)
        return Postponed(answer.error, pause_s)

    def _judged(
        self, suspects: list[_Suspect], unsent: list[Batch], address: Address
    ) -> Iterator[tuple[Batch, Outcome]]:
        """Yield the outcomes of suspects after which nothing was accepted."""
        answer = suspects[-1].answer
        if len(suspects) == 1 and not unsent and address.is_taken_at_its_word(answer):
            yield from self._rejections(suspects)
        else:
            yield _joined(suspects, unsent), self._postponed(address, answer)

    def _convictions(
        self, suspects: list[_Suspect], address: Address
    ) -> Generator[tuple[Batch, Outcome], None, Postponed | None]:
        """Yield the outcomes of suspects once another part was accepted, and clear them.

        If the cause cannot be determined, return the outcome of the rest: sending that part twice
        is better than losing a valid event.
        """
        while suspects:
            outcome = self._convicted(suspects[0], address)
            if isinstance(outcome, Postponed):
                return outcome
            yield suspects.pop(0).part, outcome
        return None

    def _convicted(self, suspect: _Suspect, address: Address) -> Outcome:
        """Return the outcome of a suspect once another part was accepted.

        A 401 or 404 may have been a temporary problem of the access, so the part is sent once more.
        """
        answer = suspect.answer
        if address.speaks_of_access(answer):
            answer = self._send(suspect.part, address, once=True)
            if answer.accepted:
                return Delivered()
            if not address.suspects_content(answer):
                return self._postponed(address, answer)
        return self._rejected(answer)

    def _rejections(self, suspects: list[_Suspect]) -> Iterator[tuple[Batch, Outcome]]:
        for suspect in suspects:
            yield suspect.part, self._rejected(suspect.answer)

    def _rejected(self, answer: Attempt) -> Rejected:
        self._failed_rounds = 0
        reason = f"status_{answer.status}" if answer.status else "not_encodable"
        return Rejected(reason, answer.error)

    def _request(self, batch: Batch, address: Address) -> Request:
        stm = self._parser.get_timestamp()
        body = self._parser.encode_records(batch.kind, batch.records, stm)
        query = _query(self._parser.get_params(stm))
        return Request(
            url=f"{address.url}?{query}" if query else address.url,
            body=body,
            headers=self._parser.get_headers(),
            timeout_s=self._attempts.timeout_s(),
            meanwhile=None if self.meanwhile is None else partial(self.meanwhile, batch),
        )


def _query(params: Mapping[str, Any]) -> str:
    """Return the query of a request, nearly always without the long way of ``urlencode``."""
    if len(params) == 1 and type(stm := params.get("stm")) is int:
        return f"stm={stm}"
    return urlencode({k: v for k, v in params.items() if v is not None}, doseq=True)


def _joined(suspects: list[_Suspect], parts: list[Batch]) -> Batch:
    """Return consecutive events without an outcome as one part."""
    first, *others = [*(suspect.part for suspect in suspects), *parts]
    return first.followed_by(others)
