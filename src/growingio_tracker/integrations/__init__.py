"""Integrations, one module per framework. None tracks anything unless configured to.

Here is what several of them need: the ids of visitors and users, parsed from untrusted requests
without raising.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from growingio_tracker.model.arguments import identifier
from growingio_wire.logs import logger

_log: Final = logger(__name__)

FindUser: TypeAlias = Callable[[], str | None]

MAX_ID_CHARACTERS: Final = 256


def usable_id(value: object) -> str | None:
    """Return an id from an untrusted source, or ``None`` if it is invalid.

    A valid id is a string of 1 to 256 characters without control characters.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_CHARACTERS:
        return None
    return value if value.isprintable() else None


def anonymous_id_of(
    header_value: Callable[[str], str | None], header: str | None, cookie: str | None
) -> str | None:
    """Return a request's anonymous id, from the header or else the cookie.

    :param header_value: returns a header of the request by its name in lower case, or ``None``.
    :param header: the header's name in lower case; ``None`` reads none.
    :param cookie: the cookie's name; ``None`` reads none.
    """
    if header is not None and (found := _plain_id(header_value(header))):
        return found
    if cookie is not None:
        return _plain_id(_cookie_value(header_value("cookie") or "", cookie))
    return None


def _plain_id(value: str | None) -> str | None:
    # Frameworks decode other characters differently, and no client's ids contain any.
    return usable_id(value) if value is not None and value.isascii() else None


def _cookie_value(cookies: str, wanted: str) -> str | None:
    # SimpleCookie stops at the first invalid cookie, which is rarely ours.
    for pair in cookies.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == wanted:
            return value.strip().strip('"')
    return None


def safe_user(find: Callable[[], object]) -> FindUser:
    """Return a function that returns a user id like ``find``, but never raises.

    If ``find`` raises or returns an invalid id, a warning is logged and there is no user.
    """

    def find_safely() -> str | None:
        try:
            return identifier(find(), "user")
        except Exception:
            _log.warning(
                "the user of a request could not be determined; its events have no user",
                exc_info=True,
            )
            return None

    return find_safely
