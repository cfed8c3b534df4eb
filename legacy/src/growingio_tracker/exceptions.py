"""What this package raises on purpose."""


class GrowingError(Exception):
    """Base class of the errors below."""


class GrowingParamException(GrowingError, ValueError):
    """An argument cannot be used. Nothing was queued or sent by the call."""


class GrowingIOException(GrowingError):
    """Not accepted by the server. ``status`` is its last answer's; ``None`` when none came."""

    def __init__(self, message, status=None):
        super(GrowingIOException, self).__init__(message)
        self.status = status
