"""What a server with a fault does with a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from chaos.schedule import Fault
from delivering.servers import reply

TOO_LARGE_BYTES: Final = 24 * 1024


class Answer(Struct, frozen=True):
    """How a request is met.

    :param raw: what is sent; empty closes the connection at once.
    :param stores: whether the events are stored before.
    :param stays: whether the connection stays open.
    :param waits_s: seconds before anything is sent; ``None`` waits until the fault is over.
    :param hides: whether the client cannot know that the events are stored.
    """

    raw: bytes
    stores: bool = False
    stays: bool = True
    waits_s: float | None = 0.0
    hides: bool = False


_GOOD: Final = reply(200, body=b"{}")

WELL: Final = Answer(_GOOD, stores=True)
POISONED: Final = Answer(reply(400, body=b"no"))

ANSWERS: Final = {
    Fault.HANGING: Answer(b"", stays=False, waits_s=None),
    Fault.SLOW: Answer(_GOOD, stores=True, waits_s=0.1),
    Fault.LATE: Answer(_GOOD, stores=True, waits_s=0.8, hides=True),
    Fault.ERROR: Answer(reply(500)),
    Fault.UNAVAILABLE: Answer(reply(503)),
    Fault.THROTTLED: Answer(reply(429, "retry-after: 1")),
    Fault.TOO_LARGE: Answer(reply(413)),
    Fault.UNAUTHORIZED: Answer(reply(401)),
    Fault.STORED_AND_DROPPED: Answer(b"", stores=True, stays=False, hides=True),
    Fault.GARBAGE: Answer(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", stays=False),
    Fault.TRUNCATED: Answer(_GOOD[:11], stores=True, stays=False, hides=True),
}
"""The other faults meet connections, not requests."""


def faults_of(body: bytes) -> Iterable[Fault]:
    """Return the faults that would meet a request."""
    return ANSWERS if len(body) > TOO_LARGE_BYTES else ANSWERS.keys() - {Fault.TOO_LARGE}
