# -*- coding: utf-8 -*-
"""Print and send (日志测试)."""

from __future__ import print_function

from growingio_tracker.consumer import Consumer
from growingio_tracker.data_parser import JsonParser
from growingio_tracker.default_consumer import DefaultConsumer, as_checked

__all__ = ["Consumer", "DebugConsumer", "JsonParser"]


class DebugConsumer(DefaultConsumer):
    """Prints every message, request and answer, and sends as :class:`DefaultConsumer` does.

    For test environments: what it prints holds everything that is tracked.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, retry_limit=3,
                 request_timeout=2, retry_backoff_factor=0.25, verify_cert=True):
        super(DebugConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self._sender.http = _PrintingHttp(self._sender.http)
        print("GrowingIO: product_id=%s data_source_id=%s server_host=%s"
              % (product_id, data_source_id, server_host))

    def send(self, message):
        """Print a message and send it; see :meth:`DefaultConsumer.send`."""
        message = as_checked(message)
        print("message: " + JsonParser().json(message))  # ASCII, which every console can print
        super(DebugConsumer, self).send(message)


class _PrintingHttp(object):
    def __init__(self, http):
        self._http = http

    def post(self, url, body, params, headers, timeout_s):
        print("-> POST %s %r %r\n   %r" % (url, params, headers, body))
        try:
            status, text = self._http.post(url, body, params, headers, timeout_s)
        except Exception as error:
            print("<- %s" % error)
            raise
        print("<- %d" % status)
        return status, text
