# -*- coding: utf-8 -*-
"""Send when the queue is full (队列发送)."""

from growingio_tracker.default_consumer import DefaultConsumer, as_checked, raise_if
from growingio_tracker.outbox import MAX_EVENTS, Outbox
from growingio_tracker.process import PerProcess
from growingio_tracker.sender import checked_int
from growingio_tracker.wire import EVENT

__all__ = ["BufferedConsumer", "DefaultConsumer"]


class BufferedConsumer(DefaultConsumer):
    """Queues events, and sends a batch in the thread whose event makes ``max_size``.

    Items are sent at once. When the server does not accept, the call raises
    :class:`GrowingIOException`, and what may be accepted later stays queued. :meth:`flush` sends
    what waits; so does the normal end of the process.

    :param max_size: events that make a batch, from 1 to 100,000.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, max_size=500,
                 retry_limit=3, request_timeout=5, retry_backoff_factor=0.25, verify_cert=True):
        super(BufferedConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self._max_size = checked_int(max_size, "max_size", 1, MAX_EVENTS)
        self._outboxes = PerProcess(lambda: Outbox(self._deliver, self._max_size))

    def send(self, message):
        """Queue an event, or send an item.

        :raises GrowingParamException: when it cannot be sent.
        :raises GrowingIOException: when the server did not accept everything that was due.
        """
        message, outbox = as_checked(message), self._outboxes.get()
        if message.kind is not EVENT:
            raise_if(outbox.send_now(message))
            return
        waiting = outbox.offer(message)
        # While the server does not accept, every max_size-th event tries again, not every one.
        if waiting and waiting % self._max_size == 0:
            raise_if(outbox.drain(self._max_size))

    def flush(self):
        """Send what waits.

        :raises GrowingIOException: when the server did not accept all of it.
        """
        raise_if(self._outboxes.get().drain())
