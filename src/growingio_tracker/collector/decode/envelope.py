"""What a request says about its body."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl


class Envelope(NamedTuple):
    """What a request says about its body; None when it does not say it.

    ``codec`` is ``X-Compress-Codec``, ``crypt`` ``X-Crypt-Codec``; ``compress`` and ``stm`` come
    from the query.
    """

    content_type: str | None = None
    codec: str | None = None
    crypt: str | None = None
    x_timestamp: str | None = None
    stm: str | None = None
    compress: str | None = None


def read_envelope(headers: Iterable[tuple[str, str]], query: str) -> Envelope:
    """Return what ``headers`` and the undecoded ``query`` (without ``?``) say.

    Header names may be in any case. Of a name that occurs twice, the last counts.
    """
    named = {name.lower(): value.strip() for name, value in headers}
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return Envelope(
        content_type=named.get("content-type"),
        codec=named.get("x-compress-codec"),
        crypt=named.get("x-crypt-codec"),
        x_timestamp=named.get("x-timestamp"),
        stm=asked.get("stm"),
        compress=asked.get("compress"),
    )
