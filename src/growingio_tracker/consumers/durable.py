"""Send in the background, from disk."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from growingio_tracker.arguments import text_name
from growingio_tracker.consumers.async_buffered import AsyncBufferedConsumer
from growingio_tracker.consumers.queued import DEFAULT_MAX_SIZE, QueueOptions
from growingio_tracker.delivery.contract import QueueLimits
from growingio_tracker.delivery.durable_engine import DurableEngine
from growingio_tracker.delivery.engine import Engine, Parts
from growingio_tracker.delivery.retry import check_seconds
from growingio_tracker.exceptions import GrowingParamException

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from growingio_tracker.delivery.spool.spool_queue import SpoolQueue

DURABLE_QUEUE: Final = QueueLimits(max_events=10_000_000, max_bytes=2**30)
DEFAULT_MAX_AGE_S: Final = 7 * 24 * 3600.0


class DurableConsumer(AsyncBufferedConsumer):
    """Queues events on disk, and sends batches in a thread of its own.

    When a call returns, the event is in a file: it survives the end of the process in any way,
    SIGKILL included. With ``fsync=True`` it survives a power cut, too, and a call waits for the
    disk. Otherwise it is what :class:`AsyncBufferedConsumer` is, except that closing leaves what
    it could not deliver in the directory.

    What a process left is sent by the next one that has a consumer with the same ``product_id``
    and ``server_host`` on the same directory: from its first event, or its first :meth:`flush`,
    on. Processes that share a directory take over from each other within seconds, and never send
    the same event at the same time. Delivery is at least once: the batch that was on its way when
    a process died is sent again.

    :param spool: the directory, made when it does not exist. It must be on a local disk.
    :param fsync: wait for the disk on each call.
    :param max_age_s: seconds; an event that has waited longer is dropped, counted as ``expired``.
        Default seven days; ``None`` keeps it for ever.

    ``queue`` defaults to 10,000,000 events and 1 GiB, what earlier processes left included.
    A call raises :class:`~growingio_tracker.exceptions.SpoolError` when the disk cannot take an
    event; those already there are safe.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: object = None,
        *,
        spool: str | os.PathLike[str],
        fsync: bool = False,
        max_age_s: float | None = DEFAULT_MAX_AGE_S,
        flush_after: float = 10,
        max_size: int = DEFAULT_MAX_SIZE,
        request_timeout: float = 2,
        retry_limit: int = 3,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        **options: Unpack[QueueOptions],
    ) -> None:
        options.setdefault("queue", DURABLE_QUEUE)
        super().__init__(
            product_id,
            data_source_id,
            server_host,
            data_parser,
            flush_after,
            max_size,
            request_timeout,
            retry_limit,
            retry_backoff_factor,
            verify_cert,
            **options,
        )
        # sqlite3 takes a while to import, which importing this package does without.
        from growingio_tracker.delivery.spool.directory import Spool  # noqa: PLC0415
        from growingio_tracker.delivery.spool.spool_queue import SpoolQueue  # noqa: PLC0415
        from growingio_tracker.delivery.spool.store import Destination  # noqa: PLC0415

        own = Destination(self._product_id, self._data_source_id, self._server_host)
        self._spool = Spool(_directory(spool), own, fsync=_flag(fsync, "fsync"))
        self._make_queue = partial(SpoolQueue, max_age_s=_age(max_age_s))

    def _strategy(self, parts: Parts) -> Engine:
        return DurableEngine(parts, self._spool_queue(parts))

    def _spool_queue(self, parts: Parts) -> SpoolQueue:
        return self._make_queue(
            self._spool,
            self._queue_limits,
            self._batches(),
            parts.ledger,
            parts.reporter,
            self._clock,
        )


def _directory(spool: str | os.PathLike[str]) -> Path:
    if not isinstance(spool, (str, os.PathLike)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise GrowingParamException(
            f"spool must be the path of a directory, got {type(spool).__name__}"
        )
    path = Path(text_name(os.fspath(spool), "spool")).absolute()
    if path.exists() and not path.is_dir():
        raise GrowingParamException(f"spool={str(path)!r} is a file; it must be a directory")
    return path


def _flag(value: object, argument: str) -> bool:
    if not isinstance(value, bool):
        raise GrowingParamException(f"{argument} must be True or False, got {value!r}")
    return value


def _age(value: float | None) -> float | None:
    return None if value is None else check_seconds(value, "max_age_s")
