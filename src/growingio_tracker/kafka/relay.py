"""Relay: a member of a consumer group that delivers what is on a topic.

One thread polls, as Kafka demands of every member, whatever the server does; some others deliver.
When the server is away, or a partition has to wait for another reason, that partition is paused:
the relay stays a member, and its memory does not grow.

An offset is committed when every record before it was accepted by the server or is a dead letter,
and before the next window of its partition is sent. See :mod:`~growingio_tracker.kafka.partitions`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import msgspec

from growingio_tracker.consumers.pipelines import is_disabled
from growingio_tracker.delivery.contract import BatchLimits
from growingio_tracker.delivery.ledger import Ledger, Reporter, Stats
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
from growingio_tracker.model.losses import Problem
from growingio_wire.endpoints import endpoints
from growingio_wire.errors import GrowingParamException
from growingio_wire.http.connections import Route
from growingio_wire.http.exchange import Transport
from growingio_wire.http.tls import warn_of_verification
from growingio_wire.http.transport import HttpTransport

_WAIT_S: Final = 0.05
_ROOM_S: Final = 1.0
_JOIN_GRACE_S: Final = 1.0
_LEAVE_S: Final = 3.0
"""What leaving the group may take at least, since a commit that is left out repeats a window."""


class RelayStatus(msgspec.Struct, frozen=True):
    """How a relay is doing.

    :param has_joined: whether it has been given partitions by its group, were it none.
    :param poll_age_s: seconds since it last asked for messages.
    :param partitions: how many it has.
    :param paused: how many of them wait for the server or the broker.
    :param lag: for each partition the messages behind its committed offset, some seconds ago; those
        for which it is not known yet are missing.
    """

    has_joined: bool
    poll_age_s: float
    partitions: int
    paused: int
    lag: Mapping[int, int]


class Relay:
    """Delivers what is on a topic until it is ended.

    :param options: see :class:`~growingio_tracker.kafka.options.RelayOptions`.
    :param client: the brokers, and how to reach them.
    :raises GrowingParamException: when sending is switched off.
    :raises ProxyError: when the environment names a proxy that cannot be used.
    """

    def __init__(self, options: RelayOptions, client: Client) -> None:
        if is_disabled():
            raise GrowingParamException("GROWINGIO_DISABLED is set, and a relay sends; unset it")
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

        :raises GrowingIOException: when Kafka refuses for good.
        """
        try:
            if trouble := self._letters.make():
                self._reporter.report(Problem("dead_letter_topic", trouble))
            self._member.join()
            while not self._ending.is_set():
                self._turn()
        finally:
            self._close()

    def end(self) -> None:
        """Let :meth:`run` end what is on its way and return; callable from any thread."""
        self._ending.set()

    def stats(self) -> Stats:
        """Return what became of the records that this relay has consumed."""
        return self._ledger.stats()

    def healthy(self, within_s: float) -> bool:
        """Return False if records wait and none was delivered for ``within_s`` seconds."""
        return self._ledger.healthy(within_s)

    def status(self) -> RelayStatus:
        """Return how it is doing. Callable from any thread."""
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
        """End what is on its way, give the rest back, and leave the group."""
        timeout_s = self._options.close_timeout_s
        self._interrupt.close_within(timeout_s)
        self._assignment.close()
        self._workers.join(timeout_s + _JOIN_GRACE_S)
        self._member.leave(max(_LEAVE_S, self._interrupt.bounded_s(timeout_s)))
        self._assignment.forget(self._assignment.numbers())
        self._letters.close(self._interrupt.bounded_s(timeout_s))
        self._senders.close()


class Senders:
    """Makes senders as projects are seen. What one has learned of its address stays with it.

    :raises ProxyError: when the environment names a proxy that cannot be used.
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
