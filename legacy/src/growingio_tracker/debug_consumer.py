# -*- coding: utf-8 -*-
"""Print and send (日志测试)."""

from __future__ import print_function

from growingio_tracker.consumer import Consumer
from growingio_tracker.data_parser import JsonParser
from growingio_tracker.default_consumer import DefaultConsumer

__all__ = ["Consumer", "DebugConsumer", "JsonParser"]


class DebugConsumer(DefaultConsumer):
    """Prints every message and what became of it, and sends as :class:`DefaultConsumer` does.

    For test environments: what it prints holds everything that is tracked.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, retry_limit=3,
                 request_timeout=2, retry_backoff_factor=0.25, verify_cert=True):
        super(DebugConsumer, self).__init__(
            product_id, data_source_id, server_host, data_parser, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        print("GrowingIO: product_id=%s data_source_id=%s server_host=%s"
              % (product_id, data_source_id, server_host))

    def _deliver(self, messages, deadline, report):
        for message in messages:  # as ASCII, which every console can print
            print("-> %s %s" % (message.kind.endpoint, JsonParser().json(message)))
        kept, error = super(DebugConsumer, self)._deliver(messages, deadline, report)
        print("<- %s" % (error or "accepted"))
        return kept, error
