"""Judging requests one after the other, with regard to those before."""

from growingio_tracker.collector.check import Arrival, Finding, Memory, examine_all
from growingio_tracker.collector.decode import Message
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.tally import seen_types
from growingio_tracker.wire import Kind

_NEVER = -1


class Judge:
    """Judges messages for one thread, the one that stores them.

    It begins with what is stored, and forgets what it saw when the store is emptied.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remember()

    def _remember(self) -> None:
        clears = self._store.clears
        self._memory = Memory(seen_types(self._store.path))
        self._clears = clears

    def findings(self, kind: Kind, messages: list[Message], arrival: Arrival) -> list[Finding]:
        """Return the rows of the messages of one request, which has a time of receipt."""
        if self._store.clears != self._clears:
            self._remember()
        return examine_all(kind, messages, arrival, self._memory)

    def answered(self, received_us: int, status: int) -> None:
        """Take note that the request received then was stored and is answered ``status``."""
        self._memory.repeats.answered(received_us, status)

    def forget(self) -> None:
        """Forget what was seen and could not be stored: sent again, it is then the first."""
        self._clears = _NEVER
