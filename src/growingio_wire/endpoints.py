"""Endpoints of the collect server: built for each kind of message, checked, and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from growingio_wire.errors import GrowingParamException, invalid, must_be
from growingio_wire.said import Said
from growingio_wire.table import SCHEMAS, Kind

DOCTOR: Final = "growingio-doctor"
"""Product at the end of the User-Agent with which ``growingio doctor`` sends an empty list."""

COLLECTOR_HEADER: Final = "X-Gio-Collector"
"""Header of the local collector, always ``1``.

Every response of its page and API includes it, even errors, so that clients recognise the
collector. Calls that change something require it, because other websites cannot send it.
"""

_SCHEMES: Final = ("http", "https")
_BRACKETED: Final = r"\[[0-9a-fA-F:.]+(%[\w.~-]+)?](:\d+)?"
_PROJECT: Final = r"(/projects/)([^/?]+)"
_SHOWN: Final = 4
_PATH_CHARACTERS: Final = "/%:@!$&'()*+,;=~"


def endpoints(server_host: str, product_id: str) -> Mapping[Kind, str]:
    """Return the address for each kind of message.

    :param server_host: ``http://`` or ``https://`` address of the collect server, with or without
        a path prefix and a trailing slash.
    :raises GrowingParamException: if it is invalid; the message names it.
    """
    base = base_url(server_host)
    project = quote(product_id, safe="")
    return {kind: base + schema.path.format(project) for kind, schema in SCHEMAS.items()}


def shown_address(url: str) -> str:
    """Return an address that is safe to show: without its query, with a masked project id."""
    address = url.partition("?")[0]
    return re.sub(_PROJECT, lambda found: found[1] + masked_id(unquote(found[2])), address)


def masked_id(value: str) -> str:
    """Return the beginning of an id, enough to recognise it."""
    return value[:_SHOWN] + "…" if len(value) > 2 * _SHOWN else "…"


def base_url(server_host: object, argument: str = "server_host") -> str:
    """Return ``server_host`` in ASCII and without trailing slashes.

    :param argument: the caller's name for it.
    :raises GrowingParamException: if events cannot be posted to it.
    """
    if not isinstance(server_host, str):
        raise must_be(Said("a str", "字符串"), type(server_host).__name__, argument)
    if not server_host:
        raise _unusable(argument, server_host, _EMPTY)
    if any(character.isspace() or not character.isprintable() for character in server_host):
        raise _unusable(argument, server_host, _WHITE_SPACE)
    try:
        parts = urlsplit(server_host)
        host, _ = parts.hostname, parts.port
        netloc = _in_ascii(parts.netloc.rstrip(":")) if host else ""
    except ValueError as error:
        raise _unusable(argument, server_host, Said(str(error), f"地址有误（{error}）")) from None
    if "@" in parts.netloc:
        raise invalid(
            f"{argument} must not contain credentials; remove the part before the @",
            f"{argument} 不能含有用户名和密码，请去掉 @ 之前的部分",
            argument,
        )
    if parts.scheme not in _SCHEMES:
        raise _unusable(argument, server_host, _NO_SCHEME)
    if not host:
        raise _unusable(argument, server_host, _NO_HOST)
    if parts.query or parts.fragment:
        raise _unusable(argument, server_host, _QUERY)
    if not _is_valid(netloc):
        raise _unusable(argument, server_host, _WRONG_NAME)
    return f"{parts.scheme}://{netloc}{quote(parts.path, safe=_PATH_CHARACTERS)}".rstrip("/")


def _is_valid(netloc: str) -> bool:
    """Return whether ASCII text is a host, with or without a port."""
    if netloc.startswith("["):
        return re.fullmatch(_BRACKETED, netloc) is not None
    name, colon, port = netloc.partition(":")
    labels = name.removesuffix(".").split(".")
    return all(map(_is_label, labels)) and (not colon or port.isdecimal())


def _is_label(text: str) -> bool:
    # Not a regular expression, which every program would have to compile.
    return text.replace("-", "a").replace("_", "a").isalnum()


def _in_ascii(name: str) -> str:
    """Return the ASCII form of a host name.

    :raises UnicodeError: if it cannot be one.
    """
    # Importing the codec for names in other scripts takes a millisecond.
    if name.isascii() and all(0 < len(label) < _LONG_LABEL for label in name.split(".")):
        return name
    return name.encode("idna").decode()


_LONG_LABEL: Final = 64
_EMPTY: Final = Said("it is empty", "不能为空")
_WHITE_SPACE: Final = Said(
    "it contains white space or control characters", "不能含有空白或控制字符"
)
_NO_SCHEME: Final = Said(
    "it must start with http:// or https://", "必须以 http:// 或 https:// 开头"
)
_NO_HOST: Final = Said("it names no host", "没有主机名")
_QUERY: Final = Said("it must not have a query or a fragment", "不能含有 ? 或 # 之后的部分")
_WRONG_NAME: Final = Said("its host is not a valid name", "主机名无效")


def _unusable(argument: str, server_host: str, reason: Said) -> GrowingParamException:
    # Parts that may contain a password stay out of the message.
    shown = "" if "@" in server_host else f" {server_host!r}"
    return invalid(
        f"{argument}{shown} cannot be used: {reason.en}",
        f"{argument}{shown} 无法使用：{reason.zh}",
        argument,
    )
