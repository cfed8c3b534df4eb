"""Sending what other processes left in a spool directory."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from growingio_tracker.consumers.durable import DurableConsumer
from growingio_tracker.consumers.queued import QueueOptions
from growingio_tracker.delivery.contract import Stats
from growingio_tracker.delivery.durable_engine import DurableEngine
from growingio_tracker.delivery.spool.directory import Spool, destinations_in
from growingio_tracker.delivery.spool.store import Destination
from growingio_tracker.formats.base import DataParser

if TYPE_CHECKING:
    from typing_extensions import Unpack

_LOOK_AGAIN_S: Final = 0.5


class AdoptingConsumer(DurableConsumer):
    """Sends what others left for ``destination``, though nothing is tracked through it.

    :param server_host: where to send it instead; ``None`` sends it where it belongs.
    """

    def __init__(
        self,
        directory: Path,
        destination: Destination,
        server_host: str | None,
        data_parser: DataParser,
        verify_cert: bool | str,
        **options: Unpack[QueueOptions],
    ) -> None:
        super().__init__(
            destination.product_id,
            destination.data_source_id,
            server_host or destination.server_host,
            data_parser,
            spool=directory,
            verify_cert=verify_cert,
            max_age_s=None,
            **options,
        )
        self._spool = Spool(directory, destination)
        self._make_queue = partial(self._make_queue, look_again_s=_LOOK_AGAIN_S, heeds_relay=False)

    def start(self) -> None:
        """Start the thread that looks for what others left, and sends it."""
        engine = self._engines.get()
        if isinstance(engine, DurableEngine):  # with GROWINGIO_DISABLED it is another one
            engine.start()


class Adopters:
    """An :class:`AdoptingConsumer` for each destination that a directory has events for.

    :param directory: of the spool.
    :param server_host: where to send everything; ``None`` sends it where it belongs.
    :param data_parser: the format.
    :param verify_cert: as every consumer has it.
    """

    def __init__(
        self,
        directory: Path,
        server_host: str | None,
        data_parser: DataParser,
        verify_cert: bool | str = True,
        **options: Unpack[QueueOptions],
    ) -> None:
        self._directory = directory
        self._make = partial(
            AdoptingConsumer,
            directory,
            server_host=server_host,
            data_parser=data_parser,
            verify_cert=verify_cert,
            **options,
        )
        self._consumers: dict[Destination, AdoptingConsumer] = {}

    def look_around(self) -> None:
        """Start sending to destinations that are new.

        :raises GrowingParamException: when an option cannot be used.
        """
        for destination in destinations_in(self._directory, besides=self._consumers):
            consumer = self._make(destination)
            consumer.start()
            self._consumers[destination] = consumer

    def totals(self) -> Stats:
        """Return what became of the events of all destinations."""
        every = [consumer.stats() for consumer in self._consumers.values()]
        rejected: Counter[str] = Counter()
        for stats in every:
            rejected.update(stats.rejected)
        return Stats(
            accepted=sum(stats.accepted for stats in every),
            delivered=sum(stats.delivered for stats in every),
            rejected=rejected,
            pending=sum(stats.pending for stats in every),
            last_error=next((stats.last_error for stats in every if stats.last_error), None),
        )

    def take_in(self) -> None:
        """Take in everything that was left, and ask every server at once whether it takes it."""
        self.look_around()
        for consumer in self._consumers.values():
            consumer.flush(0)

    def close(self) -> None:
        """Stop; what was not delivered stays in the directory."""
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
