"""JSON in one snappy block, and XORed if asked."""

import warnings

from growingio_tracker._compat import PY2
from growingio_tracker.data_parser import JsonParser

__all__ = ["JsonParser", "SnappyParser"]


class SnappyParser(JsonParser):
    """Sends snappy-compressed JSON. It needs python-snappy.

    :param crypt_data: also XOR every byte with the low byte of the request's ``stm``. Python 3
        only, as documented: on Python 2 the first use warns, and the body is sent without it.
    :raises ImportError: when python-snappy is not installed.
    """

    _has_warned = False

    def __init__(self, crypt_data=False):
        self._compress = _find_compress()
        self._crypt_data = bool(crypt_data) and not PY2
        if crypt_data and PY2 and not SnappyParser._has_warned:
            SnappyParser._has_warned = True
            warnings.warn("crypt_data works on Python 3 only; the data is sent without it",
                          RuntimeWarning, stacklevel=2)

    def get_bytes(self, messages, stm=None):
        """Return the compressed JSON array of ``messages``; ``stm`` is the XOR key."""
        text = super(SnappyParser, self).get_bytes(messages, stm)
        compressed = self._compress(text.encode("utf-8"))
        return _xor(compressed, stm or 0) if self._crypt_data else compressed

    def get_headers(self):
        """Return the content type and the codecs."""
        headers = dict(super(SnappyParser, self).get_headers())
        headers["X-Compress-Codec"] = "2"
        if self._crypt_data:
            headers["X-Crypt-Codec"] = "1"
        return headers


def _find_compress():
    try:
        from snappy import compress
    except ImportError:
        raise ImportError("SnappyParser needs python-snappy: pip install python-snappy")
    return compress


def _xor(body, stm):
    return bytes(body).translate(bytes(bytearray(byte ^ (stm & 0xFF) for byte in range(256))))
