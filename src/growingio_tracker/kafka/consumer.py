"""Strategy that hands events over to Kafka, from where relays deliver them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from growingio_tracker.consumers.options import (
    DURABLE_QUEUE,
    FSYNC,
    MAX_AGE_S,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    VERIFY_CERT,
    QueueKeywords,
)
from growingio_tracker.consumers.strategy import Strategy, queued
from growingio_tracker.delivery import BatchLimits
from growingio_tracker.delivery.formats import Parser
from growingio_tracker.delivery.lanes import MemoryLanes
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.receipt import HANDED_OVER
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.spool import Spool
from growingio_tracker.delivery.spool.spool_lanes import LOOK_EVERY_S, SpoolLanes
from growingio_tracker.delivery.workers import WorkerThreads
from growingio_tracker.kafka.client import Client, OptionValue, in_file, in_options
from growingio_tracker.kafka.handle import OURS, ProducerHandle
from growingio_tracker.kafka.options import (
    FLUSH_AFTER_S,
    MAX_SIZE,
    REQUEST_TIMEOUT_S,
    KafkaOptions,
    places_for_kafka,
)
from growingio_tracker.kafka.producing import KafkaSender
from growingio_tracker.model.options import known
from growingio_wire.checks import Unpack
from growingio_wire.table import Kind


class KafkaConsumer(Strategy):
    """Queues events, and produces them to a Kafka topic in a thread of its own.

    "Consumer" is this SDK's word for a delivery strategy: this one is a Kafka producer.
    ``growingio relay`` consumes the topic, and delivers its messages to GrowingIO.

    A call validates, encodes and queues its event, like that of
    :class:`~growingio_tracker.AsyncBufferedConsumer`; it never waits for the network. An event's
    outcome, in receipts and statistics, is ``"handed_over"`` once all in-sync replicas have it.
    The events of each user, device or item keep their order; its id is the key of the message. The
    producer is idempotent, so a lost acknowledgement causes no duplicate. If an event is on the
    topic twice, because it was not acknowledged for ``request_timeout`` seconds, both messages have
    the same event id in the header ``growingio-event-id``.

    While no broker can be reached, events stay queued: in memory, or with ``spool`` in files, where
    they survive any end of the process, including SIGKILL, for up to ``max_age_s``.

    :param server_host: the collect address for requests that bypass Kafka: experiments and
        :meth:`send_data`. Relays have an address of their own.
    :param data_parser: the format of :meth:`post_data`. Relays have a format of their own.
    :param bootstrap_servers: initial brokers, ``host:port``, separated by commas.
    :param topic: the topic, which must exist unless the brokers create topics automatically.
    :param kafka_options: options of librdkafka by name, such as ``sasl.password``. They override
        those of the file. Default ``None``: none. Options that guarantees depend on, such as
        ``acks``, are rejected.
    :param kafka_config: the path of a file with such options, in lines ``name=value``. Default
        ``None``: none.
    :param spool: a directory on a local disk, created if it does not exist. Events are queued in
        its folder ``kafka-TOPIC``, so that neither another topic's consumer nor a
        :class:`~growingio_tracker.DurableConsumer` takes them. Default ``None``: in memory.
    :param fsync: with ``spool``: wait for the disk on each call, so that an event survives power
        cuts, too.
    :param max_age_s: with ``spool``: seconds; events queued longer are dropped and counted as
        ``expired``. Default seven days; ``None`` keeps them forever.
    :param flush_after: seconds after which queued events are produced. Default 1; 0 produces them
        as soon as the thread is free.
    :param max_size: number of events to produce at a time, from 1 to the queue's ``max_events``.
        Default 1,000, or the queue's limit if that is less.
    :param request_timeout: seconds without an acknowledgement after which events are taken back and
        produced again. Default 30.
    :raises MissingExtraError: if the package ``confluent-kafka`` is not installed.

    ``queue`` defaults to 100,000 events and 64 MiB, with ``spool`` to 10,000,000 events and 1 GiB.
    ``retry_limit``, ``retry_backoff_factor`` and ``verify_cert`` apply to :meth:`send_data` only.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        *,
        bootstrap_servers: str,
        topic: str,
        kafka_options: Mapping[str, OptionValue] | None = None,
        kafka_config: str | os.PathLike[str] | None = None,
        spool: str | os.PathLike[str] | None = None,
        fsync: bool = FSYNC,
        max_age_s: float | None = MAX_AGE_S,
        flush_after: float = FLUSH_AFTER_S,
        max_size: int = MAX_SIZE,
        request_timeout: float = REQUEST_TIMEOUT_S,
        retry_limit: int = RETRY_LIMIT,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[QueueKeywords],
    ) -> None:
        if spool is not None:
            options.setdefault("queue", DURABLE_QUEUE)
        checked = KafkaOptions(
            product_id=product_id,
            data_source_id=data_source_id,
            server_host=server_host,
            data_parser=data_parser,
            bootstrap_servers=bootstrap_servers,
            topic=topic,
            kafka_options=kafka_options,
            kafka_config=kafka_config,
            spool=spool,
            fsync=fsync,
            max_age_s=max_age_s,
            flush_after=flush_after,
            max_size=max_size,
            request_timeout=request_timeout,
            retry_limit=retry_limit,
            retry_backoff_factor=retry_backoff_factor,
            verify_cert=verify_cert,
            **known(options, KafkaOptions, places_for_kafka),
        )
        given = {**in_file(checked.kafka_config), **in_options(checked.kafka_options)}
        client = Client.checked(bootstrap_servers, given, OURS, type(self).__name__)
        self._begin_with(checked, partial(_handed_to_brokers, client))
        self.flush_after = flush_after


def _say_nothing() -> None:
    return None


def _handed_to_brokers(client: Client, options: KafkaOptions, http: Sender) -> Pipeline:
    lanes = _lanes(options, http)
    sender = KafkaSender(
        http,
        options.destination,
        partial(ProducerHandle, client),
        options.topic,
        source_of=lanes.source_of,
        policy=options.retry_policy,
        request_timeout_s=options.request_timeout,
    )
    lanes.poll = sender.poll
    return queued(options, sender, WorkerThreads, lanes, HANDED_OVER)


def _lanes(options: KafkaOptions, http: Sender) -> _PolledLanes | _PolledSpool:
    batches = dict.fromkeys(Kind, options.batch_limits)
    if options.spool is None:
        return _PolledLanes(batches)
    spool = Spool(
        options.directory,
        options.destination,
        fsync=options.fsync,
        max_bytes=options.queue.max_bytes,
        max_age_s=options.max_age_s,
    )
    return _PolledSpool(spool, batches, http.ledger, http.reporter, options.clock)


class _PolledLanes(MemoryLanes):
    """Lanes whose worker hears from librdkafka from time to time, though there is nothing to send.

    What librdkafka has to say waits in memory for somebody to ask, and when brokers are away it has
    much to say.
    """

    look_every_s = LOOK_EVERY_S

    def __init__(self, batches: Mapping[Kind, BatchLimits]) -> None:
        super().__init__(batches)
        self.poll: Callable[[], None] = _say_nothing

    def look_around(self) -> None:
        self.poll()


class _PolledSpool(SpoolLanes):
    """The same on disk."""

    poll: Callable[[], None] = staticmethod(_say_nothing)

    def look_around(self) -> None:
        super().look_around()
        self.poll()
