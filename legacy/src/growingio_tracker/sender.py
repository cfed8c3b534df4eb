"""From a request to its outcome. It knows neither messages nor queues."""

import logging
import random
import ssl
import threading
import time
from contextlib import closing

from growingio_tracker._compat import (
    HTTPErrorProcessor, HTTPSHandler, Request, build_opener, integers, monotonic, numbers,
    text_type, urlencode)
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.values import bounded
from growingio_tracker.version import VERSION

DELIVERED, LATER, CONTENT, REFUSED = "delivered", "later", "content", "refused"
LONGEST_S = 10**9

_log = logging.getLogger("growingio_tracker")

# The first lookup of a host imports this codec. A child that is forked during that import would
# wait for the import's lock for ever.
u"localhost".encode("idna")


class Deadline(object):
    """When sending has to end: never, before :meth:`set` is called."""

    def __init__(self):
        self._is_set, self._until = threading.Event(), float("inf")

    def set(self, until):
        """Let sending go on until that moment, and end the present pause."""
        self._until = until
        self._is_set.set()

    def left(self, seconds=float("inf")):
        """Return ``seconds``, or less when less is left."""
        return min(seconds, self._until - monotonic())

    def pause(self, seconds):
        """Wait, a moment only once the end is set; return whether there is time for more."""
        if self._is_set.wait(seconds):
            time.sleep(max(0.0, self.left(min(seconds, 0.1))))
        return self.left() > 0


class Sender(object):
    """Posts through the proxies that the environment names; repeats what may be accepted later."""

    def __init__(self, server_host, retry_limit, request_timeout, backoff_factor, verify_cert):
        self._retry_limit = bounded(retry_limit, "retry_limit", integers, 0, 1000)
        self._timeout_s = bounded(request_timeout, "request_timeout", numbers, 0, LONGEST_S)
        self._backoff_s = bounded(backoff_factor, "retry_backoff_factor", numbers, 0, LONGEST_S)
        handlers = [_EveryStatus()]
        if server_host.lower().startswith("https:"):
            handlers.append(HTTPSHandler(context=_tls_context(verify_cert)))
        self._open = build_opener(*handlers).open

    def post(self, request, deadline):
        """Post (address, body, parameters, headers), again if it helps; return verdict and error."""
        for repeat in range(self._retry_limit + 1):
            verdict, error = self._attempt(request, deadline)
            pause_s = random.uniform(0.5, 1) * min(30.0, self._backoff_s * 2.0 ** repeat)
            if verdict != LATER or repeat == self._retry_limit or not deadline.pause(pause_s):
                return verdict, error

    def _attempt(self, request, deadline):
        try:
            status, text = self._exchange(*request, timeout_s=deadline.left(self._timeout_s))
        except Exception as error:  # from sockets, TLS and HTTP, a different tree on each version
            return LATER, GrowingIOException(
                "no answer from %s: %s: %s" % (request[0], type(error).__name__, error))
        error = GrowingIOException("%s answered %d: %r" % (request[0], status, text), status)
        if 200 <= status < 300:
            return DELIVERED, None
        if status in (408, 425, 429) or status >= 500:
            return LATER, error
        return CONTENT if status in (400, 413, 422) else REFUSED, error

    def _exchange(self, url, body, params, headers, timeout_s):
        body = body.encode("utf-8") if isinstance(body, text_type) else bytes(body)
        query = urlencode([pair for pair in (params or {}).items() if pair[1] is not None])
        # Python 2 joins head and body, and fails when the head is not bytes.
        request = Request(str(url + "?" + query if query else url), data=body)
        request.add_header("User-Agent", "growingio-tracker-python/" + VERSION)
        for name, value in (headers or {}).items():
            request.add_header(str(name), str(value))
        with closing(self._open(request, timeout=max(0.01, timeout_s))) as response:
            return response.getcode(), response.read(1000)


class _EveryStatus(HTTPErrorProcessor):
    """Hands out every answer as it is; above all it follows no redirect, which loses the body."""

    def http_response(self, request, response):
        return response

    https_response = http_response


def _tls_context(verify_cert):
    authorities = None if isinstance(verify_cert, bool) else verify_cert
    context = ssl.create_default_context(cafile=authorities)
    if not verify_cert:
        _log.warning("verify_cert=False: the server's certificate is not checked")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
