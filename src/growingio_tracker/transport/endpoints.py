"""Where each kind of message goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import SCHEMAS, Kind

_SCHEMES: Final = ("http", "https")
_NETLOC: Final = re.compile(
    r"(\[[0-9a-f:.]+(%[\w.~-]+)?]|[\w-]+(\.[\w-]+)*\.?)(:\d+)?", re.ASCII | re.IGNORECASE
)
_PATH_CHARACTERS: Final = "/%:@!$&'()*+,;=~"


def endpoints(server_host: str, product_id: str) -> Mapping[Kind, str]:
    """Return the address for each kind of message.

    :param server_host: ``http://`` or ``https://`` address of the collect server, with or without
        a path prefix and a trailing slash.
    :raises GrowingParamException: when it cannot be used; the message names it.
    """
    base = base_url(server_host)
    project = quote(product_id, safe="")
    return {kind: base + schema.path.format(project) for kind, schema in SCHEMAS.items()}


def base_url(server_host: object, argument: str = "server_host") -> str:
    """Return ``server_host`` without its trailing slashes, and in ASCII.

    :param argument: what the caller calls it.
    :raises GrowingParamException: when it is not an address that events can be posted to.
    """
    if not isinstance(server_host, str):
        raise GrowingParamException(f"{argument} must be a str, got {type(server_host).__name__}")
    if not server_host:
        raise _unusable(argument, server_host, "it is empty")
    if any(character.isspace() or not character.isprintable() for character in server_host):
        raise _unusable(argument, server_host, "it contains white space or control characters")
    try:
        parts = urlsplit(server_host)
        host, _ = parts.hostname, parts.port
        netloc = parts.netloc.rstrip(":").encode("idna").decode() if host else ""
    except ValueError as error:
        raise _unusable(argument, server_host, str(error)) from None
    if "@" in parts.netloc:
        raise GrowingParamException(
            f"{argument} must not contain credentials; remove the part before the @"
        )
    if parts.scheme not in _SCHEMES:
        raise _unusable(argument, server_host, "it must start with http:// or https://")
    if not host:
        raise _unusable(argument, server_host, "it names no host")
    if parts.query or parts.fragment:
        raise _unusable(argument, server_host, "it must not have a query or a fragment")
    if not _NETLOC.fullmatch(netloc):
        raise _unusable(argument, server_host, "its host is not a valid name")
    return f"{parts.scheme}://{netloc}{quote(parts.path, safe=_PATH_CHARACTERS)}".rstrip("/")


def _unusable(argument: str, server_host: str, reason: str) -> GrowingParamException:
    # What may hold a password stays out of the message.
    shown = "" if "@" in server_host else f" {server_host!r}"
    return GrowingParamException(f"{argument}{shown} cannot be used: {reason}")
