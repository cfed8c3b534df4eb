"""Strategy with a queue on disk, whose thread also sends events left by other processes."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final

from growingio_tracker.consumers.options import (
    FLUSH_AFTER_S,
    FSYNC,
    MAX_AGE_S,
    MAX_SIZE,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    VERIFY_CERT,
    WORKER_REQUEST_TIMEOUT_S,
    DurableOptions,
    QueueKeywords,
)
from growingio_tracker.consumers.strategy import Strategy, queued
from growingio_tracker.consumers.tracker_options import places_for_consumer
from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.formats import Parser
from growingio_tracker.delivery.ledger import Stats
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.spool import Spool, destinations_in
from growingio_tracker.delivery.spool.spool_lanes import LOOK_EVERY_S, SpoolLanes
from growingio_tracker.delivery.workers import WorkerThreads
from growingio_tracker.model.options import known
from growingio_wire.checks import Unpack
from growingio_wire.said import Said
from growingio_wire.table import Kind


class DurableConsumer(Strategy):
    """Queues events on disk, and sends batches in a thread of its own.

    When a call returns, the event is in a file, so it survives any end of the process, including
    SIGKILL. With ``fsync=True`` it survives power cuts, too, but each call waits for the disk.
    Otherwise it works like :class:`~growingio_tracker.AsyncBufferedConsumer`, except that closing
    leaves undelivered events in the directory.

    Events left by a process are sent by the next one that has a consumer with the same
    ``product_id``, ``server_host`` and directory, from its first event or :meth:`flush` on.
    Processes that share a directory take over from each other within seconds, and never send
    the same event at the same time. Delivery is at least once: the batch being sent when a process
    dies is sent again.

    :param spool: the directory, created if it does not exist. It must be on a local disk.
    :param fsync: wait for the disk on each call.
    :param max_age_s: seconds; events queued longer are dropped and counted as ``expired``. Default
        seven days; ``None`` keeps them forever.

    ``queue`` defaults to 10,000,000 events and 1 GiB, including what earlier processes left.
    A call raises :class:`~growingio_wire.errors.SpoolError` if the disk cannot store an event;
    those already there are safe. The other parameters are those of
    :class:`~growingio_tracker.AsyncBufferedConsumer`, except ``workers``.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        *,
        spool: str | os.PathLike[str],
        fsync: bool = FSYNC,
        max_age_s: float | None = MAX_AGE_S,
        flush_after: float = FLUSH_AFTER_S,
        max_size: int = MAX_SIZE,
        request_timeout: float = WORKER_REQUEST_TIMEOUT_S,
        retry_limit: int = RETRY_LIMIT,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[QueueKeywords],
    ) -> None:
        self._begin_with(
            DurableOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                data_parser=data_parser,
                spool=spool,
                fsync=fsync,
                max_age_s=max_age_s,
                flush_after=flush_after,
                max_size=max_size,
                request_timeout=request_timeout,
                retry_limit=retry_limit,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                **known(options, DurableOptions, places_for_consumer),
            ),
            sent_from_disk,
        )
        self.flush_after = flush_after


def sent_from_disk(
    options: DurableOptions,
    sender: Sender,
    *,
    belonging_to: Destination | None = None,
    look_every_s: float = LOOK_EVERY_S,
    heeds_relay: bool = True,
) -> Pipeline:
    """Return a pipeline whose records are queued on disk.

    :param belonging_to: destination of the records; ``None`` is the one in the options.
    :param look_every_s: seconds between searches for files left by other processes.
    :param heeds_relay: whether to leave sending to a relay while one runs on the directory.
    """
    lanes = SpoolLanes(
        Spool(
            options.directory,
            belonging_to or options.destination,
            fsync=options.fsync,
            max_bytes=options.queue.max_bytes,
            max_age_s=options.max_age_s,
        ),
        dict.fromkeys(Kind, options.batch_limits),
        sender.ledger,
        sender.reporter,
        options.clock,
        look_every_s=look_every_s,
        heeds_relay=heeds_relay,
    )
    sender.meanwhile = lanes.read_ahead
    return queued(options, sender, WorkerThreads, lanes)


_LOOK_EVERY_S: Final = 0.5


class AdoptingConsumer(Strategy):
    """Sends events that other processes left in a spool. Nothing is tracked through it.

    :param destination: destination of the records; they may be sent elsewhere.
    """

    def __init__(self, options: DurableOptions, destination: Destination) -> None:
        adopting = partial(
            sent_from_disk,
            belonging_to=destination,
            look_every_s=_LOOK_EVERY_S,
            heeds_relay=False,
        )
        self._begin_with(options, adopting)

    def start(self) -> None:
        """Start the thread that finds and sends events left by other processes."""
        self._pipelines.get().start()

    @property
    def last_error(self) -> Said | None:
        """The last failure; ``None`` if there was none."""
        return self._pipelines.get().ledger.last_error


class Adopters:
    """An :class:`AdoptingConsumer` for each destination that a directory has events for.

    :param directory: the spool's directory.
    :param server_host: where to send everything; ``None`` sends each event to its own server.
    :param data_parser: the format.
    :param verify_cert: as for every consumer.
    """

    def __init__(
        self,
        directory: Path,
        server_host: str | None,
        data_parser: Parser,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[QueueKeywords],
    ) -> None:
        self._directory = directory
        self._server_host = server_host
        self._make_options = partial(
            DurableOptions,
            data_parser=data_parser,
            verify_cert=verify_cert,
            spool=directory,
            max_age_s=None,
            **known(options, DurableOptions, places_for_consumer),
        )
        self._consumers: dict[Destination, AdoptingConsumer] = {}

    def look_around(self) -> None:
        """Start sending to new destinations.

        :raises GrowingParamException: if an option cannot be used.
        """
        for destination in destinations_in(self._directory, besides=self._consumers):
            consumer = AdoptingConsumer(self._options_for(destination), destination)
            consumer.start()
            self._consumers[destination] = consumer

    def _options_for(self, destination: Destination) -> DurableOptions:
        return self._make_options(
            product_id=destination.product_id,
            data_source_id=destination.data_source_id,
            server_host=self._server_host or destination.server_host,
        )

    def totals(self) -> Stats:
        """Return the counts of events by outcome, over all destinations."""
        every = [consumer.stats() for consumer in self._consumers.values()]
        rejected: Counter[str] = Counter()
        for stats in every:
            rejected.update(stats.rejected)
        return Stats(
            accepted=sum(stats.accepted for stats in every),
            delivered=sum(stats.delivered for stats in every),
            rejected=rejected,
            pending=sum(stats.pending for stats in every),
        )

    @property
    def last_error(self) -> Said | None:
        """The last failure of a destination that has one; ``None`` if there was none."""
        every = (consumer.last_error for consumer in self._consumers.values())
        return next(filter(None, every), None)

    def take_in(self) -> None:
        """Adopt all abandoned records, and try every server immediately."""
        self.look_around()
        for consumer in self._consumers.values():
            consumer.flush(0)

    def close(self) -> None:
        """Stop. Undelivered events stay in the directory."""
        for consumer in self._consumers.values():
            consumer.close()

    def __enter__(self) -> Adopters:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
