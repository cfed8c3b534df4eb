"""What every consumer has."""

from growingio_tracker._compat import strings
from growingio_tracker.address import base_url, endpoints
from growingio_tracker.exceptions import GrowingIOException, GrowingParamException
from growingio_tracker.http_post import Http
from growingio_tracker.sender import DELIVERED, Deadline, Sender
from growingio_tracker.values import required

__all__ = ["Consumer", "GrowingIOException", "GrowingParamException"]


class Consumer(object):
    """Base class of consumers. A consumer of your own overrides :meth:`send`.

    :param product_id: the project's id (AccountID).
    :param data_source_id: the data source's id.
    :param server_host: address of the collect server, ``http://`` or ``https://``.
    :param retry_limit: repeats of a request that the server may accept later; 0 tries once.
    :param request_timeout: seconds to connect, and again to wait for each read.
    :param retry_backoff_factor: seconds; the wait before repeat *n* (from 0) is up to
        ``retry_backoff_factor * 2**n``, at most 30.
    :param verify_cert: ``True`` checks the server's certificate, a path to a PEM file checks it
        against the authorities in that file, ``False`` checks nothing.
    :raises GrowingParamException: when an argument cannot be used; the message names it.
    """

    def __init__(self, product_id, data_source_id, server_host, retry_limit=3, request_timeout=5,
                 retry_backoff_factor=0.25, verify_cert=True):
        self._product_id = required(product_id, "product_id", strings)
        self._data_source_id = required(data_source_id, "data_source_id", strings)
        self._server_host = base_url(server_host)
        self.endpoints = endpoints(self._server_host, self._product_id)
        self._sender = Sender(Http(self._server_host, verify_cert), retry_limit,
                              retry_backoff_factor, request_timeout)

    def send(self, message):
        """Do something with a checked message; here, nothing."""

    def send_data(self, request_url, data, params=None, headers=None):
        """Post ``data``, repeating as configured; return whether the server accepted it.

        :raises GrowingIOException: when no answer came.
        """
        verdict, error = self._sender.post(
            lambda: (request_url, data, params, headers), Deadline())
        if error is not None and error.status is None:
            raise error
        return verdict == DELIVERED
