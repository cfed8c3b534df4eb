"""Whom a request is about, read from what outsiders sent; nothing here raises into a request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from growingio_tracker.arguments import identifier

_log: Final = logging.getLogger(__name__)

MAX_ID_CHARACTERS: Final = 256


def usable_id(value: object) -> str | None:
    """Return an id that came from outside; ``None`` when it is no id.

    An id is a text of 1 to 256 characters, none of them a control character.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_CHARACTERS:
        return None
    return value if value.isprintable() else None


def anonymous_id_of(
    header_value: Callable[[str], str | None], header: str | None, cookie: str | None
) -> str | None:
    """Return a request's anonymous id: from the header, and where it has none, from the cookie.

    :param header_value: returns the request's header of a name in lower case, if it has one.
    :param header: a header's name in lower case; ``None`` reads no header.
    :param cookie: a cookie's name; ``None`` reads no cookie.
    """
    if header is not None and (found := _plain_id(header_value(header))):
        return found
    if cookie is not None:
        return _plain_id(_cookie_value(header_value("cookie") or "", cookie))
    return None


def _plain_id(value: str | None) -> str | None:
    # Frameworks disagree about the encoding of other characters, and no client's ids have any.
    return usable_id(value) if value is not None and value.isascii() else None


def _cookie_value(cookies: str, wanted: str) -> str | None:
    # SimpleCookie gives up at the first cookie that it does not like, which is rarely ours.
    for pair in cookies.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == wanted:
            return value.strip().strip('"')
    return None


def safe_user(find: Callable[[], object]) -> Callable[[], str | None]:
    """Return a function that finds a user id as ``find`` does, and is silent when that fails.

    A failure, and an id that cannot be sent, are logged as a warning, and mean no user.
    """

    def find_safely() -> str | None:
        try:
            return identifier(find(), "user")
        except Exception:
            _log.warning("the user of a request was not found; it has none", exc_info=True)
            return None

    return find_safely
