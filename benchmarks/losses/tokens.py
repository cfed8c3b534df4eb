"""The token that marks one event, and how it is found in any SDK's request."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

_TOKEN = re.compile(rb"gio-\d{6}-[0-9a-f]{8}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
_GZIP_MAGIC = b"\x1f\x8b"


def make_token(run: str, number: int) -> str:
    """Return the token of an event; ``run`` is eight hexadecimal digits."""
    return f"gio-{number:06}-{run}"


def find_tokens(content: bytes) -> set[str]:
    """Return the tokens in a request's content: plain, gzip, form-encoded, or base64 in these."""
    if content.startswith(_GZIP_MAGIC):
        content = gzip.decompress(content)
    content = unquote_to_bytes(content)
    return {
        found.decode() for text in (content, *_decoded(content)) for found in _TOKEN.findall(text)
    }


def _decoded(content: bytes) -> Iterator[bytes]:
    for run in _BASE64.findall(content):
        usable = run[: len(run) - (len(run) % 4 == 1)]
        yield base64.urlsafe_b64decode(usable.translate(_URL_SAFE) + b"=" * (-len(usable) % 4))


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
