"""What waits in one process, who sends it, and what became of it."""

import atexit
import logging
import os
import sys
import threading
from collections import deque

from growingio_tracker._compat import monotonic
from growingio_tracker.message import KINDS
from growingio_tracker.sender import CONTENT, LATER, Deadline

MAX_EVENTS = 100000
CLOSE_TIMEOUT_S = 5.0
_SETTLES_S = 0.3  # for threads to end: Python 2 prints a traceback for any that is left
_REST_S = 2.0
_SHORTEST_WAIT_S = 0.05
_SETTLED = ("delivered", "rejected", "dropped")

_open = set()
_log = logging.getLogger("growingio_tracker")


class Outbox(object):
    """A bounded queue for each kind, and a thread that empties them if ``flush_after`` is given.

    ``_changed`` guards everything here. Sending happens outside of it, under ``_sending``, so that
    messages keep their order. ``post`` gets messages and deadline, and returns verdict and error.
    """

    def __init__(self, post, max_size, flush_after):
        self._post, self._max_size, self._flush_after = post, max_size, flush_after
        self._changed, self._sending = threading.Condition(), threading.RLock()
        self._deadline, self._thread, self.pid = Deadline(), None, os.getpid()
        self._rows = dict((kind, deque()) for kind in KINDS)
        self._numbers = dict.fromkeys(("accepted",) + _SETTLED, 0)
        self._is_closed = self._is_given_up = self._is_stuck = False
        self._next_flush = monotonic() + (flush_after or 0)

    def offer(self, message):
        """Take in one message; return how many of its kind wait, or 0 when it was dropped."""
        row, waiting = self._rows[message.kind], 0
        with self._changed:
            self._numbers["accepted"] += 1
            if not self._is_closed and self._pending() <= MAX_EVENTS:
                row.append(message)
                waiting = len(row)
                _close_at_end(self)
            if waiting >= self._max_size:
                self._changed.notify_all()
        if not waiting:
            self._count("dropped", 1, "the consumer is stopped" if self._is_closed else
                        "%d events wait already" % MAX_EVENTS)
        elif self._flush_after is not None:
            self._ensure_thread()
        return waiting

    def send_now(self, message):
        """Send one message past the queue; return the error or ``None``."""
        self._count("accepted", 1)
        kept, error = self._send([message])
        if kept:
            self._count("dropped", 1, error)
        return error

    def drain(self, least=1):
        """Send batches as long as ``least`` of a kind wait; return the first error or ``None``."""
        first_error = None
        with self._sending:
            self._is_stuck = False
            for row in self._rows.values():
                for _ in range(0, len(row), self._max_size):  # what comes meanwhile may stay
                    if len(row) >= least and not self._is_stuck:
                        first_error = self._send_batch(row) or first_error
        return first_error

    def _send_batch(self, row):
        with self._changed:
            kept = messages = [row.popleft() for _ in range(min(len(row), self._max_size))]
        try:
            kept, error = self._send(messages)
            return error
        finally:
            self._is_stuck = bool(kept)
            with self._changed:
                if not self._is_given_up:
                    row.extendleft(reversed(kept))

    def _send(self, messages):
        """Return the messages that may be accepted later, and the first error or ``None``."""
        parts, first_error = [messages], None
        while parts:
            part = parts.pop(0)
            verdict, error = self._post(part, self._deadline)
            first_error = first_error or error
            if verdict == LATER:
                return sum(parts, part), first_error
            if verdict == CONTENT and len(part) > 1:  # one must not take the others with it
                half = len(part) // 2
                parts[:0] = [part[:half], part[half:]]
            elif not self._is_given_up:  # what was given up is counted already
                self._count("rejected" if error else "delivered", len(part), error)
        return [], first_error

    def start_closing(self, until):
        """Take in nothing more, and send what waits until that moment."""
        with self._changed:
            self._is_closed = True
            self._deadline.set(until - _SETTLES_S)
            self._changed.notify_all()
        if self._pending():
            self._ensure_thread()

    def close(self, until):
        """Do the same, wait for it, and drop what is left."""
        self.start_closing(until)
        if self._thread not in (None, threading.current_thread()):
            self._thread.join(max(0.0, until - monotonic()))
        with self._changed:
            self._is_given_up, left = True, self._pending()
            for row in self._rows.values():
                row.clear()
        if left:
            self._count("dropped", left, "no time was left to deliver them")
        _open.discard(self)

    def stats(self):
        """Return what became of the events of this process, in numbers."""
        with self._changed:
            return dict(self._numbers, pending=self._pending())

    def _pending(self):
        return self._numbers["accepted"] - sum(self._numbers[name] for name in _SETTLED)

    def _count(self, name, count, reason=None):
        with self._changed:
            self._numbers[name] += count
            so_far = self._numbers[name]
        # A full queue loses thousands a second, and that must not be as many lines.
        if reason and (count > 1 or name == "rejected" or so_far % 1000 == 1):
            _log.error("%d event(s) %s, %d so far: %s", count, name, so_far, reason)

    def _ensure_thread(self):
        with self._changed:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="growingio-sender")
            self._thread.daemon = True
            try:
                self._thread.start()
            except RuntimeError as error:  # out of threads: the next event tries again
                self._thread = None
                _log.warning("no thread could be started: %s", error)

    def _run(self):
        least = self._wait_until_due()
        while least:
            try:
                self.drain(least)
            except Exception:  # the events are kept, and so is the thread
                _log.exception("sending failed; it is tried again")
            if least == 1:
                self._next_flush = monotonic() + max(_SHORTEST_WAIT_S, self._flush_after or 0)
            if self._is_stuck:
                self._deadline.pause(_REST_S)
            least = self._wait_until_due()

    def _wait_until_due(self):
        """Return how many messages make a batch now, or 0 when there is nothing more to do."""
        with self._changed:
            while not self._is_closed:
                left = self._next_flush - monotonic()
                if left <= 0:
                    return 1
                if any(len(row) >= self._max_size for row in self._rows.values()):
                    return self._max_size
                self._changed.wait(left)
            return 1 if self._pending() and self._deadline.left() > 0 else 0


def _close_at_end(outbox):
    if outbox not in _open:
        _open.add(outbox)
        # A child of multiprocessing leaves by os._exit, and no atexit handler runs.
        if "multiprocessing.util" in sys.modules:
            sys.modules["multiprocessing.util"].Finalize(None, _close_all, exitpriority=-1000)


def _close_all():
    until = monotonic() + CLOSE_TIMEOUT_S
    own = [outbox for outbox in _open if outbox.pid == os.getpid()]
    for step in (Outbox.start_closing, Outbox.close):  # all of them share the time
        for outbox in own:
            step(outbox, until)


atexit.register(_close_all)
