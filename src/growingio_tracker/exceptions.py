"""The error tree.

::

    GrowingError
    ├── GrowingParamException      (also ValueError)   the caller's mistake; nothing was queued
    ├── GrowingIOException                             accepted, but not delivered
    │   ├── TransportError                             no answer came: connection, TLS, time-out
    │   ├── RejectedError                              the server answered, and did not accept
    │   ├── QueueFullError                             the waiting room has no place left
    │   └── SpoolError                                 the waiting room on disk cannot be used
    └── MissingExtraError          (also ImportError)  an optional package is not installed

Every message says what happened, what became of the events, and whether trying again helps.
"""


class GrowingError(Exception):
    """Anything this package raises on purpose."""


class GrowingParamException(GrowingError, ValueError):
    """An argument cannot be used. The message names the argument and what to do.

    Nothing was queued or sent by the call, and nothing queued before is affected.
    """


class GrowingIOException(GrowingError):
    """An event could not be delivered or queued."""

    def add_fate(self, fate: str) -> None:
        """Add to the message what became of the events, unless it says so already."""
        if fate not in str(self):
            self.args = (f"{self}; {fate}",)


class TransportError(GrowingIOException):
    """A request got no usable answer: refused, reset, timed out, or TLS failed.

    Trying again may help. The server may have processed a request whose answer was lost.
    """


class RejectedError(GrowingIOException):
    """The server answered with a status other than 2xx.

    :param message: what happened and what became of the events.
    :param status: the HTTP status of the last answer.
    :param body: the beginning of the last answer's body (at most 1,000 characters).
    """

    def __init__(self, message: str, status: int = 0, body: str = "") -> None:
        # status has a default because unpickling passes the message only.
        super().__init__(message)
        self.status = status
        self.body = body


class QueueFullError(GrowingIOException):
    """The queue is full and its overflow policy is ``"raise"``.

    The event was not queued. Trying again helps once the server takes events again.
    """


class SpoolError(GrowingIOException):
    """The spool on disk cannot take an event. The events already there are safe."""


class MissingExtraError(GrowingError, ImportError):
    """An optional package is missing. The message holds the exact ``pip install`` line."""
