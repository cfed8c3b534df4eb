"""One request, one answer: no repeats, no knowledge of messages."""

import logging
import ssl

from growingio_tracker._compat import (
    HTTPErrorProcessor, HTTPSHandler, Request, build_opener, text_type, urlencode)
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.version import VERSION

_log = logging.getLogger("growingio_tracker")

# The first lookup of a host imports this codec. A child that is forked during that import would
# wait for the import's lock for ever.
u"localhost".encode("idna")


class _EveryStatus(HTTPErrorProcessor):
    """Hands out every answer as it is; above all it follows no redirect, which loses the body."""

    def http_response(self, request, response):
        return response

    https_response = http_response


class Http(object):
    """Posts over HTTP, through the proxies that the environment names.

    :param verify_cert: ``True`` checks the server's certificate, a path checks it against the
        authorities in that file, ``False`` checks nothing.
    """

    def __init__(self, server_host, verify_cert):
        handlers = [_EveryStatus()]
        if server_host.lower().startswith("https:"):
            handlers.append(HTTPSHandler(context=_tls_context(verify_cert)))
        self._opener = build_opener(*handlers)

    def post(self, url, body, params, headers, timeout_s):
        """Return the status of the answer and the beginning of its body.

        :raises GrowingIOException: when no answer came.
        """
        body = body.encode("utf-8") if isinstance(body, text_type) else bytes(body)
        query = urlencode([pair for pair in (params or {}).items() if pair[1] is not None])
        # Python 2 joins head and body, and fails when the head is not bytes.
        request = Request(str(url + "?" + query if query else url), data=body)
        request.add_header("User-Agent", "growingio-tracker-python/" + VERSION)
        for name, value in (headers or {}).items():
            request.add_header(str(name), str(value))
        try:
            response = self._opener.open(request, timeout=timeout_s)
            try:
                return response.getcode(), response.read(1000)
            finally:
                response.close()
        except Exception as error:  # from sockets, TLS and HTTP, a different tree on each version
            raise GrowingIOException(
                "no answer from %s: %s: %s" % (url, type(error).__name__, error))


def _tls_context(verify_cert):
    if verify_cert is True:
        return ssl.create_default_context()
    if verify_cert:
        return ssl.create_default_context(cafile=verify_cert)
    _log.warning("verify_cert=False: the server's certificate is not checked")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
