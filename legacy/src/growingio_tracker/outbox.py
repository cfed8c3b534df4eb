"""What waits in one process, who sends it, and what became of it."""

import logging
import threading
from collections import deque

from growingio_tracker._compat import monotonic
from growingio_tracker.process import closed
from growingio_tracker.sender import Deadline
from growingio_tracker.wire import KINDS

MAX_EVENTS = 100000

_log = logging.getLogger("growingio_tracker")
_REST_S = 2.0
_ENDS_WITHIN_S = 0.2
_SHORTEST_WAIT_S = 0.05
_SETTLED = ("delivered", "rejected", "dropped")


class Outbox(object):
    """A bounded queue for each kind. Every method may be called from any thread.

    ``_changed`` guards everything here. Sending happens outside of it, under ``_sending``, so that
    messages keep their order.

    :param deliver: called with messages, deadline and report; see :meth:`Sender.deliver`.
    """

    def __init__(self, deliver, max_size=1, flush_after=0):
        self._deliver, self._max_size, self._flush_after = deliver, max_size, flush_after
        self._changed, self._sending = threading.Condition(), threading.RLock()
        self._deadline = Deadline()
        self._rows = dict((kind, deque()) for kind in KINDS)
        self._numbers = dict.fromkeys(("accepted",) + _SETTLED, 0)
        self._is_closed = self._is_given_up = False
        self._set_next_flush()
        self._failed_rounds = 0
        self._thread = None

    def offer(self, message):
        """Take in one message; return how many of its kind wait, or 0 when it was dropped."""
        with self._changed:
            has_place = not self._is_closed and self._pending() < MAX_EVENTS
            self._numbers["accepted"] += 1
            if has_place:
                row = self._rows[message.kind]
                row.append(message)
                if len(row) >= self._max_size:
                    self._changed.notify_all()
                return len(row)
        self._lose("dropped", 1, "the consumer is stopped" if self._is_closed else
                   "%d events wait already" % MAX_EVENTS)
        return 0

    def send_now(self, message):
        """Send one message past the queue; return the error or ``None``."""
        self._count("accepted", 1)
        kept, error = self._deliver([message], self._deadline, self._report)
        if kept:
            self._lose("dropped", 1, error)
        return error

    def drain(self, least=1):
        """Send batches as long as ``least`` of a kind wait; return the first error or ``None``.

        What comes meanwhile may stay, so that nobody who asks for this sends for ever.
        """
        first_error = None
        with self._sending:
            for row in self._rows.values():
                for _ in range(0, len(row), self._max_size):
                    is_kept, error = self._send_batch(row) if len(row) >= least else (False, None)
                    first_error = first_error or error
                    if is_kept:
                        return first_error
        return first_error

    def ensure_thread(self):
        """See that there is a thread that drains: one that ended or was never there is started."""
        with self._changed:
            if self._is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="growingio-sender")
            self._thread.daemon = True
            try:
                self._thread.start()
            except RuntimeError as error:  # out of threads: the next event tries again
                _log.warning("no thread could be started: %s", error)

    def close(self, until):
        """Deliver what waits until that moment, and drop what is left then."""
        with self._changed:
            self._is_closed = True
            self._deadline.set(until)
            self._changed.notify_all()
        if not self._is_alive():
            self.drain()
        elif self._thread is not threading.current_thread():
            self._thread.join(max(0.0, until - monotonic()))
            self.give_up()
            self._thread.join(_ENDS_WITHIN_S)
        self.give_up()

    def give_up(self):
        """Drop, count and log what is left."""
        with self._changed:
            self._is_closed = self._is_given_up = True
            count = self._pending()
            for row in self._rows.values():
                row.clear()
            if count:
                self._lose("dropped", count, "no time was left to deliver them")
        closed(self)

    def stats(self):
        """Return what became of the events of this process, in numbers."""
        with self._changed:
            return dict(self._numbers, pending=self._pending())

    def _is_alive(self):
        return self._thread is not None and self._thread.is_alive()

    def _pending(self):
        return self._numbers["accepted"] - sum(self._numbers[name] for name in _SETTLED)

    def _report(self, count, error):
        if self._is_given_up:  # counted already
            return
        if error is None:
            self._count("delivered", count)
        else:
            self._lose("rejected", count, error)

    def _count(self, name, count):
        with self._changed:
            self._numbers[name] += count
            return self._numbers[name]

    def _lose(self, name, count, reason):
        so_far = self._count(name, count)
        # A full queue loses thousands a second, and that must not be as many lines.
        if count > 1 or name == "rejected" or so_far % 1000 == 1:
            _log.error("%d event(s) %s, %d so far: %s", count, name, so_far, reason)

    def _send_batch(self, row):
        with self._changed:
            messages = [row.popleft() for _ in range(min(len(row), self._max_size))]
        kept = messages
        try:
            kept, error = self._deliver(messages, self._deadline, self._report)
        finally:
            with self._changed:
                self._failed_rounds += bool(kept)
                if not self._is_given_up:
                    row.extendleft(reversed(kept))
        return bool(kept), error

    def _run(self):
        least = self._wait_until_due()
        while least:
            failed_rounds = self._failed_rounds
            try:
                self.drain(least)
            except Exception:  # the events are kept, and so is the thread
                _log.exception("sending failed; it is tried again")
            if least == 1:
                self._set_next_flush()
            if self._failed_rounds > failed_rounds:
                self._deadline.pause(_REST_S)
            least = self._wait_until_due()

    def _set_next_flush(self):
        self._next_flush = monotonic() + max(_SHORTEST_WAIT_S, self._flush_after)

    def _wait_until_due(self):
        """Return how many messages make a batch now, or 0 when closing is complete."""
        with self._changed:
            while True:
                left = self._next_flush - monotonic()
                if self._is_closed:
                    return 0 if self._is_given_up else min(1, self._pending())
                if left <= 0:
                    return 1
                if any(len(row) >= self._max_size for row in self._rows.values()):
                    return self._max_size
                self._changed.wait(left)
