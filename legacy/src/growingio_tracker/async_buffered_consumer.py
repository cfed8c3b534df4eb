# -*- coding: utf-8 -*-
"""Send in the background (异步队列发送)."""

from growingio_tracker._compat import monotonic
from growingio_tracker.default_consumer import DefaultConsumer, as_checked
from growingio_tracker.outbox import MAX_EVENTS, Outbox
from growingio_tracker.process import CLOSE_TIMEOUT_S, PerProcess
from growingio_tracker.sender import checked_int, checked_seconds

__all__ = ["AsyncBufferedConsumer", "DefaultConsumer"]


class AsyncBufferedConsumer(DefaultConsumer):
    """Queues events and items, and sends batches in a thread of its own.

    A call never waits for the network. While the server does not accept, events wait; beyond
    100,000 the newest are dropped, counted and logged. The normal end of the process delivers
    what waits, within five seconds.

    :param flush_after: so often, in seconds, everything that waits is sent.
    :param max_size: events that make a batch and are sent at once, from 1 to 100,000.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, flush_after=10,
                 max_size=500, request_timeout=2, retry_limit=3, retry_backoff_factor=0.25,
                 verify_cert=True):
        super(AsyncBufferedConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self.flush_after = checked_seconds(flush_after, "flush_after")
        self._max_size = checked_int(max_size, "max_size", 1, MAX_EVENTS)
        self._outboxes = PerProcess(
            lambda: Outbox(self._deliver, self._max_size, self.flush_after))

    def send(self, message):
        """Queue a message.

        :raises GrowingParamException: when it cannot be sent.
        """
        outbox = self._outboxes.get()
        if outbox.offer(as_checked(message)):
            outbox.ensure_thread()

    def flush(self):
        """Send what waits, in the caller's thread; return whether the server accepted all of it."""
        return self._outboxes.get().drain() is None

    def stop(self):
        """Deliver what waits, within five seconds, and stop. Later events are dropped, counted."""
        self._outboxes.get().close(monotonic() + CLOSE_TIMEOUT_S)
