"""Recording what all consumers of the process get."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from growingio_tracker.consumers.base import Consumer
from growingio_tracker.consumers.engines import engines_by
from growingio_tracker.delivery.engine import Engine
from growingio_tracker.testing.recording import Recording, WouldSendError
from growingio_tracker.testing.recording_consumer import RecordingConsumer
from growingio_tracker.testing.recording_engine import RecordingEngine
from growingio_tracker.transport.base import Request
from growingio_tracker.transport.guard import guarded
from growingio_tracker.wire import Kind

_ADVICE: Final = (
    "while everything is recorded, nothing may reach the network. Let it track through a tracker, "
    "or give it a transport of its own, for instance MemoryTransport()"
)


@contextmanager
def record_everything(
    where: str = "a block of record_everything()",
) -> Generator[Recording, None, None]:
    """Record what is tracked inside the block, by any consumer of this process, sending nothing.

    Consumers that were made before, at import for instance, record as well, from any thread, and
    are what they were when the block ends. Their ``stats()`` count from 0 inside, and what closes
    them there does not close them for good. Events that waited before the block keep waiting: what
    is sent for them inside fails, and is repeated afterwards. A consumer that overrides ``send``
    records too, and its ``send`` is called only if it belongs to one of this package's strategies.

    Other processes know nothing of it; give those the variable ``GROWINGIO_DISABLED=1``.

    :param where: names the block in errors.
    :raises WouldSendError: at the end of the block, when something in it, a consumer of one's own
        for instance, would have reached the network. It was raised there, too.
    """
    everything = _Everything(where)
    with engines_by(everything.engine) as set_aside, guarded(everything.forbid):
        everything.set_aside = set_aside
        yield everything
    everything.check()


class _Everything(Recording):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.set_aside: list[Engine] = []
        self._where = where
        self._attempts: list[str] = []

    def engine(self, consumer: Consumer) -> Engine:
        def record(kind: Kind, record: bytes) -> None:
            self.record(kind, record)
            if isinstance(consumer, RecordingConsumer):
                consumer.record(kind, record)

        return RecordingEngine(consumer, record, self._would_send)

    def forbid(self, request: Request) -> None:
        what = f"a request to {request.url.partition('?')[0]} would leave"
        error = self._error(what)
        thread = threading.get_ident()
        # What the threads of earlier consumers try is no fault of what happens here.
        if not any(thread in engine.sender.attempting for engine in self.set_aside):
            self._attempts.append(what)
        raise error

    def check(self) -> None:
        if self._attempts:
            raise self._error(", and ".join(dict.fromkeys(self._attempts)))

    def _would_send(self, what: str) -> WouldSendError:
        self._attempts.append(what)
        return self._error(what)

    def _error(self, what: str) -> WouldSendError:
        return WouldSendError(f"{what} in {self._where}, but {_ADVICE}")
