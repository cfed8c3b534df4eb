# -*- coding: utf-8 -*-
"""Send at once (立即发送)."""

from growingio_tracker.consumer import Consumer
from growingio_tracker.data_parser import JsonParser
from growingio_tracker.outbox import Outbox
from growingio_tracker.process import PerProcess

__all__ = ["Consumer", "DefaultConsumer", "JsonParser"]


class DefaultConsumer(Consumer):
    """Sends each event in the caller's thread, one request each.

    :param data_parser: the format of the bodies; ``None`` is JSON.

    A call raises :class:`GrowingIOException` when the server did not accept the event.
    """

    def __init__(self, product_id, data_source_id, server_host, data_parser=None, retry_limit=3,
                 request_timeout=5, retry_backoff_factor=0.25, verify_cert=True):
        super(DefaultConsumer, self).__init__(
            product_id, data_source_id, server_host, retry_limit, request_timeout,
            retry_backoff_factor, verify_cert)
        self._data_parse = data_parser or JsonParser()
        self._outboxes = PerProcess(lambda: Outbox(self._deliver))

    def send(self, message):
        """Send a message.

        :raises GrowingParamException: when it cannot be sent.
        :raises GrowingIOException: when the server did not accept it.
        """
        raise_if(self._outboxes.get().send_now(as_checked(message)))

    def post_data(self, request_url, messages):
        """Post ``messages``, all of one kind; return whether the server accepted them.

        :raises GrowingIOException: when no answer came.
        """
        parser = self._data_parse
        stm = parser.get_timestamp()
        return self.send_data(request_url, parser.get_bytes(messages, stm),
                              parser.get_params(stm=stm), parser.get_headers())

    def stats(self):
        """Return how many events of this process were accepted, and what became of them.

        The keys are ``accepted``, ``delivered``, ``rejected``, ``dropped`` and ``pending``.
        """
        return self._outboxes.get().stats()

    def _deliver(self, messages, deadline, report):
        url = self.endpoints[messages[0].kind.endpoint]
        return self._sender.deliver(messages, url, self._data_parse, deadline, report)


def as_checked(message):
    """Return ``message`` as a tracker hands it over."""
    return message if message.is_checked else message.checked()[0]


def raise_if(error):
    """Raise ``error`` unless it is ``None``."""
    if error is not None:
        raise error
