"""From converted rows to their outcomes, at the rate and for as long as it takes.

Imports of files and of rows from Python share it; it knows neither.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from growingio_tracker._clock import SYSTEM_CLOCK
from growingio_tracker.bulk.mapping import RowKind
from growingio_tracker.bulk.pace import Pace
from growingio_tracker.bulk.rows import KINDS, Converted
from growingio_tracker.consumers.base import Consumer, is_disabled
from growingio_tracker.delivery.contract import Batch, Kept, Rejected
from growingio_tracker.delivery.retry import check_seconds
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException, RejectedError

PATIENCE_S: Final = 300.0
GRACE_S: Final = 5.0
_FIRST_REST_S: Final = 0.25
_LONGEST_REST_S: Final = 10.0


class StoppedError(GrowingIOException):
    """Sending was asked to stop. What was not delivered can be sent again."""


class Settled(NamedTuple):
    """What became of some rows: how many were delivered, and the places and reasons of the others.

    The places are in order.
    """

    delivered: int
    failed: list[tuple[int, str]]


class BatchSender:
    """Sends batches, one at a time, over a connection of its own.

    :param consumer: whose server, format and repeats are used; nothing is queued in it.
    :param kind: what the rows became.
    :param pace: the rate, which several senders may share.
    :param patience_s: seconds without any accepted batch after which sending gives up; 0 gives up
        when the consumer's repeats are used up.
    :raises GrowingParamException: when sending is switched off.
    """

    def __init__(
        self, consumer: Consumer, kind: RowKind, pace: Pace, patience_s: float = PATIENCE_S
    ) -> None:
        if is_disabled() or getattr(consumer, "disabled", False):
            raise GrowingParamException(
                "sending is switched off (GROWINGIO_DISABLED or disabled = true), and an import "
                "would lose every row; switch it on"
            )
        parts = consumer._parts()
        self._sender = parts.sender
        self._interrupt = parts.interrupt
        self._transport = parts.transport
        self._kind = KINDS[kind]
        self._pace = pace
        self._patience_s = check_seconds(patience_s, "patience_s")
        self._clock = SYSTEM_CLOCK

    def deliver(self, converted: Converted) -> Settled:
        """Send what could be converted, and return what became of all.

        :raises StoppedError: when sending was asked to stop before all had an outcome.
        :raises GrowingIOException: when the server is out of reach for too long, or says that the
            address or the access is wrong.
        """
        records = tuple(converted.records)
        self._pause(self._pace.wait_s(len(records)))
        refused = self._send(Batch(self._kind, records)) if records else {}
        failed = converted.failed
        if refused:
            places = converted.places()
            failed = sorted([*failed, *((places[one], why) for one, why in refused.items())])
        return Settled(len(records) - len(refused), failed)

    def stop(self) -> None:
        """End waits and begin no further request; the one on its way may take 5 s more."""
        self._interrupt.close_within(GRACE_S)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _send(self, batch: Batch) -> dict[int, str]:
        """Send until every record has an outcome; return which are refused for good, and why."""
        refused: dict[int, str] = {}
        give_up_at = self._clock.monotonic() + self._patience_s
        rounds = 0
        while True:
            for part, outcome in self._sender.deliver(batch):
                if isinstance(outcome, Kept):
                    break
                if isinstance(outcome, Rejected):
                    refused |= dict.fromkeys(_places(part), _reason(outcome))
            else:
                return refused
            if len(part) < len(batch):  # the server took some, so it is there
                give_up_at, rounds = self._clock.monotonic() + self._patience_s, 0
            self._rest(outcome, rounds, give_up_at)
            batch = part
            rounds += 1

    def _rest(self, kept: Kept, rounds: int, give_up_at: float) -> None:
        given_up = not kept.everywhere or self._clock.monotonic() >= give_up_at
        if given_up and not self._interrupt.closing:
            raise kept.error
        self._pause(max(kept.rest_s, min(_LONGEST_REST_S, _FIRST_REST_S * 2.0 ** min(rounds, 60))))

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and not self._interrupt.closing:
            self._interrupt.pause(seconds)
        if self._interrupt.closing:
            raise StoppedError("it was stopped; a further run goes on from the checkpoint")


def _places(part: Batch) -> range:
    return range(part.first, part.first + len(part))


def _reason(outcome: Rejected) -> str:
    error = outcome.error
    if isinstance(error, RejectedError):
        said = f": {error.body}" if error.body else ""
        return f"the server refused it with status {error.status}{said}"
    return str(error)
