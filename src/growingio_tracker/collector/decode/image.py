"""The image form of the Web SDK: a GET whose ``data=`` is the body."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

_BEFORE_DATA: Final = re.compile(r"(?:^|&)data=")
_AFTER_DATA: Final = re.compile(r"&stm=[^&]*&compress=[^&]*\Z")


class Image(NamedTuple):
    """An image's body, and the rest of its query."""

    body: bytes
    query: str


def read_image(query: str) -> Image | None:
    """Return what the undecoded ``query`` (without ``?``) carries; None when it has no ``data=``.

    The SDK does not escape its JSON, so an ``&`` in it ends nothing: everything after ``data=``
    is data. Only Web 3.3 puts ``&stm=…&compress=…`` behind it, and nothing before it.
    """
    found = _BEFORE_DATA.search(query)
    if not found:
        return None
    before, data = query[: found.start()], query[found.end() :]
    after = None if before else _AFTER_DATA.search(data)
    if after:
        before, data = after[0][1:], data[: after.start()]
    # Browsers escape quotation marks and everything beyond ASCII on the way.
    return Image(unquote_to_bytes(data.encode("latin-1")), before)
