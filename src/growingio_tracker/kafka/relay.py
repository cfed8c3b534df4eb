"""Relay: a member of a consumer group that delivers the events of a topic.

One thread polls, as Kafka requires of every member, whatever the server does; other threads
deliver. While the server is unreachable, or a partition has to wait for another reason, the
partition is paused: the relay stays in the group, and its memory does not grow.

An offset is committed once every record before it was accepted by the server or is a dead letter,
and before the next window of its partition is sent. See :mod:`~growingio_tracker.kafka.partitions`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import msgspec

from growingio_tracker.consumers.pipelines import is_disabled
from growingio_tracker.delivery import BatchLimits
from growingio_tracker.delivery.ledger import Ledger, Stats
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Interrupt, Pace
from growingio_tracker.delivery.workers import WorkerPool
from growingio_tracker.kafka.client import Client
from growingio_tracker.kafka.dead_letters import LetterWriter
from growingio_tracker.kafka.delivering import Delivery
from growingio_tracker.kafka.incoming import Incoming
from growingio_tracker.kafka.member import Member
from growingio_tracker.kafka.options import RelayOptions
from growingio_tracker.kafka.partitions import Assignment
from growingio_tracker.kafka.topic import Origin
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.endpoints import endpoints
from growingio_wire.errors import invalid
from growingio_wire.http import Transport
from growingio_wire.http.connections import Route
from growingio_wire.http.tls import warn_of_verification
from growingio_wire.http.transport import HttpTransport
from growingio_wire.said import Said

_WAIT_S: Final = 0.05
_ROOM_S: Final = 1.0
_JOIN_GRACE_S: Final = 1.0
_LEAVE_S: Final = 3.0
"""Minimum time for leaving the group, because a skipped commit repeats a window."""
_DISABLED: Final = Said(
    "GROWINGIO_DISABLED is set, but a relay has to send; unset it",
    "设置了 GROWINGIO_DISABLED，但 relay 必须发送；请去掉该变量",
)


class RelayStatus(msgspec.Struct, frozen=True):
    """Status of a relay.

    :param has_joined: whether its group has assigned partitions to it, possibly none.
    :param poll_age_s: seconds since it last polled.
    :param partitions: the number of assigned partitions.
    :param paused: how many of them are paused until the server or the broker recovers.
    :param lag: messages after the committed offset of each partition, as of some seconds ago;
        partitions whose lag is not known yet are missing.
    """

    has_joined: bool
    poll_age_s: float
    partitions: int
    paused: int
    lag: Mapping[int, int]


class Relay:
    """Delivers the events of a topic until it is told to end.

    :param options: see :class:`~growingio_tracker.kafka.options.RelayOptions`.
    :param client: the brokers, and how to reach them.
    :raises GrowingParamException: if sending is disabled.
    :raises ProxyError: if the environment names an unusable proxy.
    """

    def __init__(self, options: RelayOptions, client: Client) -> None:
        if is_disabled():
            raise invalid(*_DISABLED)
        self._options = options
        self._clock = options.clock
        self._ledger = Ledger(options.clock)
        self._reporter = Reporter(options.on_error, options.clock)
        self._interrupt = Interrupt(options.clock)
        pace = Pace(options.rate, options.clock)
        limits = BatchLimits(
            pace.batch(options.max_size), options.max_batch_bytes, float(options.flush_after)
        )
        self._assignment = Assignment(
            limits,
            self._ledger,
            max_events=options.max_events,
            max_bytes=options.max_bytes,
            clock=options.clock,
        )
        self._senders = Senders(options, self._ledger, self._reporter, self._interrupt)
        self._letters = LetterWriter(
            client, options.dead_letter_topic, self._interrupt, options.clock
        )
        delivery = Delivery(
            self._assignment,
            self._senders.to,
            self._letters,
            pace=pace,
            ledger=self._ledger,
            reporter=self._reporter,
            interrupt=self._interrupt,
        )
        self._workers = WorkerPool(options.workers, delivery.run, self._ledger.note_worker_restart)
        incoming = Incoming(options.product_id, options.data_source_id)
        self._member = Member(
            options, client, incoming, self._assignment, self._ledger, self._reporter
        )
        self._ending = threading.Event()
        self._polled_at = options.clock.monotonic()

    def run(self) -> None:
        """Deliver until :meth:`end` is called, and leave the group.

        :raises GrowingIOException: if Kafka refuses permanently.
        """
        try:
            if trouble := self._letters.make():
                self._reporter.report(Problem.of("dead_letter_topic", trouble))
            self._member.join()
            while not self._ending.is_set():
                self._turn()
        finally:
            self._close()

    def end(self) -> None:
        """Let :meth:`run` finish what is in flight and return. Callable from any thread."""
        self._ending.set()

    def stats(self) -> Stats:
        """Return what became of the records that this relay has consumed."""
        return self._ledger.stats()

    def healthy(self, within_s: float) -> bool:
        """Return False if records are queued and none was delivered within ``within_s`` seconds."""
        return self._ledger.healthy(within_s)

    def status(self) -> RelayStatus:
        """Return the status. Callable from any thread."""
        numbers = self._assignment.numbers()
        return RelayStatus(
            has_joined=self._member.has_joined,
            poll_age_s=self._clock.monotonic() - self._polled_at,
            partitions=len(numbers),
            paused=len(self._assignment.stuck()),
            lag={number: lag for number, lag in self._member.lags.items() if number in numbers},
        )

    def _turn(self) -> None:
        self._workers.ensure()
        self._member.commit_finished()
        room = self._assignment.room()
        if not room and self._clock.monotonic() < self._polled_at + _ROOM_S:
            self._assignment.wait(_WAIT_S)
            return
        stuck = self._assignment.stuck()
        self._member.pause_only(stuck if room else self._assignment.numbers())
        self._assignment.give_back(stuck)
        found = self._member.consumed(max(1, room))
        self._polled_at = self._clock.monotonic()
        if found:
            self._assignment.add(found)
        else:
            self._assignment.wait(_WAIT_S)

    def _close(self) -> None:
        """Finish what is in flight, leave the rest to others, and leave the group."""
        timeout_s = self._options.close_timeout_s
        self._interrupt.close_within(timeout_s)
        self._assignment.close()
        self._workers.join(timeout_s + _JOIN_GRACE_S)
        self._member.leave(max(_LEAVE_S, self._interrupt.bounded_s(timeout_s)))
        self._assignment.forget(self._assignment.numbers())
        self._letters.close(self._interrupt.bounded_s(timeout_s))
        self._senders.close()


class Senders:
    """Senders by project, created on demand, over connections that they share.

    :raises ProxyError: if the environment names an unusable proxy.
    """

    def __init__(
        self, options: RelayOptions, ledger: Ledger, reporter: Reporter, interrupt: Interrupt
    ) -> None:
        self._options = options
        self._parser = options.parser
        self._ledger = ledger
        self._reporter = reporter
        self._interrupt = interrupt
        self._transport = options.transport or _connection(options)
        self._lock = threading.Lock()  # guards the next
        self._by_project: dict[str, Sender] = {}

    def to(self, origin: Origin) -> Sender:
        """Return the sender for the records of an origin."""
        with self._lock:
            sender = self._by_project.get(origin.product_id)
            if sender is None:
                sender = self._by_project[origin.product_id] = self._make(origin.product_id)
            return sender

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _make(self, product_id: str) -> Sender:
        options = self._options
        return Sender(
            self._transport,
            self._parser,
            endpoints(options.server_host, product_id),
            options.retry_policy,
            request_timeout_s=options.request_timeout,
            ledger=self._ledger,
            reporter=self._reporter,
            interrupt=self._interrupt,
        )


def _connection(options: RelayOptions) -> Transport:
    route = Route.by_environment(options.server_host, verify_cert=options.verify_cert)
    warn_of_verification(options.verify_cert, options.server_host)
    return HttpTransport(route)
