"""Constants and types shared by both cores and their users."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from threading import RLock
from typing import Final, TypeAlias

_YIELDS: Final = 20

NOT_LET_IN: Final = -1
"""Result of a ring's ``enter`` if there is no room."""

NEWS: Final = -2
"""A ring's ``enter`` returns this minus the seq if the record begins a wait or fills a batch."""


HEAD_BYTES: Final = 28
"""Size of the header of a record on disk."""


class NotPlain(Enum):
    """The type of :data:`NOT_PLAIN`."""

    NOT_PLAIN = "not plain"


NOT_PLAIN: Final = NotPlain.NOT_PLAIN
"""The answer to an event that is not plain, and has to become a message."""


EVENT_ARGUMENTS: Final = (
    "event_time",
    "event_name",
    "login_user_key",
    "login_user_id",
    "anonymous_id",
    "attributes",
)
"""The arguments of an event, in the order of a record."""

EventNames: TypeAlias = "tuple[str, ...]"
"""The JSON keys of these arguments."""

Constants: TypeAlias = "tuple[tuple[str, str], ...]"
"""JSON keys and their values in all events of a tracker."""


class Doorway:
    """Entry to a room, one record at a time: its lock, and whether an entry is in progress.

    :param lock: the room's.
    """

    __slots__ = ("busy", "lock")

    def __init__(self, lock: RLock) -> None:
        self.lock = lock
        # Only a hint, which needs no lock.
        self.busy = False

    def give_up(self) -> None:
        """Leave after an exception, which is perhaps why this thread did not even enter."""
        self.busy = False
        with suppress(RuntimeError):  # it did not
            self.lock.release()

    def let_leave(self) -> None:
        """Give the thread that is offering a record time to finish, before asking for the lock.

        A thread that sleeps for the lock owns it before it runs. From then on, all threads that
        track would wait for each other at every event, at five times the cost of a call. This
        gives up soon, because it may be a signal handler that interrupted its own thread's offer.
        """
        for _ in range(_YIELDS):
            time.sleep(0)
            if not self.busy:
                return


Announce: TypeAlias = Callable[[int], object]
"""Called with the seq of a record that begins a wait or fills a batch."""
