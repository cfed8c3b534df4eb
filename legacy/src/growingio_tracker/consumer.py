# -*- coding: utf-8 -*-
"""The consumers: when, and in whose thread, messages are sent."""

from __future__ import print_function

import os

from growingio_tracker._compat import integers, monotonic, numbers, quote, strings
from growingio_tracker.data_parser import JsonParser
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException  # noqa: F401
from growingio_tracker.message import EVENT, KINDS
from growingio_tracker.outbox import CLOSE_TIMEOUT_S, MAX_EVENTS, Outbox
from growingio_tracker.sender import CONTENT, DELIVERED, LONGEST_S, Deadline, Sender
from growingio_tracker.values import base_url, bounded, required


class Consumer(object):
    """Base class of consumers. A consumer of your own overrides :meth:`send`.

    ``retry_limit`` is the number of repeats; before repeat *n* (from 0) it waits for up to
    ``retry_backoff_factor * 2**n`` seconds, at most 30. ``request_timeout`` is in seconds, for each
    read. ``verify_cert`` may be the path of the authorities to trust.
    """

    def __init__(self, product_id, data_source_id, server_host, retry_limit=3, request_timeout=5,
                 retry_backoff_factor=0.25, verify_cert=True):
        self._product_id = required(product_id, "product_id", strings)
        self._data_source_id = required(data_source_id, "data_source_id", strings)
        self._server_host = base_url(server_host)
        project = quote(self._product_id.encode("utf-8"), safe="")
        self.endpoints = dict(
            (kind.endpoint, self._server_host + kind.path % project) for kind in KINDS)
        self._sender = Sender(self._server_host, retry_limit, request_timeout,
                              retry_backoff_factor, verify_cert)

    def send(self, message):
        """Do something with a checked message; here, nothing."""

    def send_data(self, request_url, data, params=None, headers=None):
        """Post ``data``, repeating as configured; return whether the server accepted it.

        :raises GrowingIOException: when no answer came.
        """
        verdict, error = self._sender.post((request_url, data, params, headers), Deadline())
        if error is not None and error.status is None:
            raise error
        return verdict == DELIVERED


class DefaultConsumer(Consumer):
    """Sends each message in the caller's thread (立即发送), as JSON unless ``data_parser`` is given.

    A call raises :class:`GrowingIOException` when the server did not accept the message.
    """

    _max_size, flush_after = 1, None

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, retry_limit=3,
                 request_timeout=5, retry_backoff_factor=0.25, verify_cert=True):
        super(DefaultConsumer, self).__init__(product_id, data_source_id, server_host, retry_limit,
                                              request_timeout, retry_backoff_factor, verify_cert)
        self._data_parse = data_parser or JsonParser()
        self._outboxes = {}

    def send(self, message):
        """Send a checked message."""
        _raise_if(self._outbox().send_now(message))

    def post_data(self, request_url, messages):
        """Post ``messages``, all of one kind, as :meth:`send_data` does."""
        return self.send_data(*self._request(request_url, messages))

    def stats(self):
        """Return how many messages were accepted, delivered, rejected, dropped, or are pending."""
        return self._outbox().stats()

    def _outbox(self):
        """Return this process's own: a forked child uses neither its parent's nor its locks."""
        pid = os.getpid()
        if pid not in self._outboxes:
            # setdefault is atomic, and a lock might have been held when the process was forked.
            self._outboxes.setdefault(pid, Outbox(self._post, self._max_size, self.flush_after))
            for other in set(self._outboxes) - set([pid]):
                self._outboxes.pop(other, None)
        return self._outboxes[pid]

    def _post(self, messages, deadline):
        """Return verdict and error of one request for ``messages``, all of one kind."""
        try:
            request = self._request(self.endpoints[messages[0].kind.endpoint], messages)
        except Exception as error:  # its text stays out: it may hold what was tracked
            return CONTENT, GrowingIOException("the parser raised " + type(error).__name__)
        return self._sender.post(request, deadline)

    def _request(self, url, messages):
        own, stm = self._data_parse, self._data_parse.get_timestamp()
        return url, own.get_bytes(messages, stm), own.get_params(stm=stm), own.get_headers()


class BufferedConsumer(DefaultConsumer):
    """Queues events, and sends them when ``max_size`` wait (队列发送); items are sent at once.

    A call raises :class:`GrowingIOException` when the server did not accept what was due; what may
    be accepted later stays queued. The normal end of the process sends what waits.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, max_size=500,
                 retry_limit=3, request_timeout=5, retry_backoff_factor=0.25, verify_cert=True):
        super(BufferedConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self._max_size = bounded(max_size, "max_size", integers, 1, MAX_EVENTS)

    def send(self, message):
        """Queue a checked event, or send a checked item."""
        if message.kind is not EVENT:
            return super(BufferedConsumer, self).send(message)
        waiting = self._outbox().offer(message)
        # While the server does not accept, every max_size-th event tries again, not every one.
        if waiting and waiting % self._max_size == 0:
            _raise_if(self._outbox().drain(self._max_size))

    def flush(self):
        """Send what waits."""
        _raise_if(self._outbox().drain())


class AsyncBufferedConsumer(DefaultConsumer):
    """Queues messages, and a thread sends them (异步队列发送).

    It does when ``max_size`` wait, every ``flush_after`` seconds, and at the end of the process. At
    most 100,000 wait; beyond that the newest are dropped, counted and logged.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, flush_after=10,
                 max_size=500, request_timeout=2, retry_limit=3, retry_backoff_factor=0.25,
                 verify_cert=True):
        super(AsyncBufferedConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self.flush_after = bounded(flush_after, "flush_after", numbers, 0, LONGEST_S)
        self._max_size = bounded(max_size, "max_size", integers, 1, MAX_EVENTS)

    def send(self, message):
        """Queue a checked message."""
        self._outbox().offer(message)

    def flush(self):
        """Send what waits, in the caller's thread; return whether the server accepted all of it."""
        return self._outbox().drain() is None

    def stop(self):
        """Deliver what waits, within five seconds, and stop. Later events are dropped, counted."""
        self._outbox().close(monotonic() + CLOSE_TIMEOUT_S)


class DebugConsumer(DefaultConsumer):
    """Sends as :class:`DefaultConsumer` does, and prints each message with its outcome (日志测试)."""

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, retry_limit=3,
                 request_timeout=2, retry_backoff_factor=0.25, verify_cert=True):
        super(DebugConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        print("GrowingIO: product_id=%s data_source_id=%s server_host=%s"
              % (product_id, data_source_id, server_host))

    def _post(self, messages, deadline):
        for message in messages:  # as ASCII, which every console can print
            print("-> %s %s" % (message.kind.endpoint, JsonParser().json(message)))
        verdict, error = super(DebugConsumer, self)._post(messages, deadline)
        print("<- %s" % (error or "accepted"))
        return verdict, error


def _raise_if(error):
    if error is not None:
        raise error
