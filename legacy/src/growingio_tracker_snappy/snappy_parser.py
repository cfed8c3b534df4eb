"""JSON in one snappy block, and XORed if asked."""

import warnings

from growingio_tracker._compat import PY2
from growingio_tracker.data_parser import JsonParser


class SnappyParser(JsonParser):
    """Sends snappy-compressed JSON, by python-snappy.

    ``crypt_data`` also XORs every byte with the low byte of the request's ``stm``. This works on
    Python 3 only, as documented: on Python 2 the first use warns, and the body is sent without it.
    :raises ImportError: when python-snappy is not installed.
    """

    _has_warned = False

    def __init__(self, crypt_data=False):
        try:
            from snappy import compress
        except ImportError:
            raise ImportError("SnappyParser needs python-snappy: pip install python-snappy")
        self._compress = compress
        self._crypt_data = bool(crypt_data) and not PY2
        if crypt_data and PY2 and not SnappyParser._has_warned:
            SnappyParser._has_warned = True
            warnings.warn("crypt_data works on Python 3 only; the data is sent without it",
                          RuntimeWarning, stacklevel=2)

    def get_bytes(self, messages, stm=None):
        text = super(SnappyParser, self).get_bytes(messages, stm)
        body = self._compress(text.encode("utf-8"))
        if self._crypt_data:
            body = body.translate(bytes(bytearray(byte ^ (stm or 0) & 0xFF for byte in range(256))))
        return body

    def get_headers(self):
        headers = dict(super(SnappyParser, self).get_headers())
        headers["X-Compress-Codec"] = "2"
        if self._crypt_data:
            headers["X-Crypt-Codec"] = "1"
        return headers
