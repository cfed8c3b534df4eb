"""From messages to their outcome: attempts, repeats, halving. It knows neither queue nor thread."""

import random
import threading

from growingio_tracker._compat import integers, monotonic
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException

DELIVERED, LATER, CONTENT, REFUSED = "delivered", "later", "content", "refused"
_LONGEST_PAUSE_S = 30.0


class Deadline(object):
    """How long sending may go on: without limit until :meth:`set` is called."""

    def __init__(self):
        self._is_set = threading.Event()
        self._until = None

    def set(self, until):
        """Let sending go on until that moment, and end the present pause."""
        self._until = until
        self._is_set.set()

    def pause(self, seconds):
        """Wait, a moment only when the end is set; return whether there is time for more."""
        self._is_set.wait(seconds)
        if self._until is not None:
            threading.Event().wait(min(seconds, 0.1))
        return self._until is None or monotonic() < self._until

    def bounded(self, seconds):
        """Return ``seconds``, or less when less is left."""
        left = seconds if self._until is None else self._until - monotonic()
        return max(0.01, min(seconds, left))


class Sender(object):
    """Posts, and repeats what the server may take later."""

    def __init__(self, http, retry_limit, backoff_factor, timeout_s):
        self.http = http
        self._retry_limit = checked_int(retry_limit, "retry_limit", 0, 1000)
        self._backoff_factor = checked_seconds(backoff_factor, "retry_backoff_factor")
        self._timeout_s = checked_seconds(timeout_s, "request_timeout")

    def deliver(self, messages, url, parser, deadline, report):
        """Return the messages that may be accepted later, and the last error or ``None``.

        ``report(count, error)`` is called for the others. A batch whose content is blamed is
        halved, so that one message does not take the others with it.
        """
        verdict, error = self.post(lambda: _request(messages, url, parser), deadline)
        if verdict == LATER:
            return messages, error
        if verdict != CONTENT or len(messages) == 1:
            report(len(messages), error)
            return [], error
        half = len(messages) // 2
        kept, error = self.deliver(messages[:half], url, parser, deadline, report)
        if kept:
            return kept + messages[half:], error
        kept, later_error = self.deliver(messages[half:], url, parser, deadline, report)
        return kept, later_error or error

    def post(self, make_request, deadline):
        """Return verdict and error of a request, which is made anew for each attempt."""
        for repeat in range(self._retry_limit + 1):
            verdict, error = self._attempt(make_request, deadline)
            if verdict != LATER or repeat == self._retry_limit:
                break
            pause_s = min(_LONGEST_PAUSE_S, self._backoff_factor * 2.0 ** repeat)
            if not deadline.pause(random.uniform(0.5, 1) * pause_s):
                break
        return verdict, error

    def _attempt(self, make_request, deadline):
        try:
            request = make_request()
        except Exception as error:  # its text stays out: it may hold what was tracked
            return CONTENT, GrowingIOException("the parser raised " + type(error).__name__)
        try:
            status, text = self.http.post(*request, timeout_s=deadline.bounded(self._timeout_s))
        except GrowingIOException as error:
            return LATER, error
        error = GrowingIOException("%s answered %d: %r" % (request[0], status, text), status)
        if 200 <= status < 300:
            return DELIVERED, None
        if status in (408, 425, 429) or status >= 500:
            return LATER, error
        return (CONTENT if status in (400, 413, 422) else REFUSED), error


def checked_seconds(value, argument):
    """Return ``value``, a finite number of at least 0, or raise a GrowingParamException."""
    is_number = isinstance(value, integers + (float,)) and not isinstance(value, bool)
    if not is_number or not 0 <= value < float("inf"):
        raise GrowingParamException("%s must be seconds of at least 0, got %r" % (argument, value))
    return value


def checked_int(value, argument, least, most):
    """Return ``value``, an int within the bounds, or raise a GrowingParamException."""
    if isinstance(value, bool) or not isinstance(value, integers) or not least <= value <= most:
        raise GrowingParamException(
            "%s must be an int from %d to %d, got %r" % (argument, least, most, value))
    return value


def _request(messages, url, parser):
    stm = parser.get_timestamp()
    body = parser.get_bytes(messages, stm)
    return url, body, parser.get_params(stm=stm), parser.get_headers()
