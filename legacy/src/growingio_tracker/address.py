"""From ``server_host`` to the addresses that events are posted to."""

import re

from growingio_tracker._compat import quote, strings
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import KINDS

# Scheme, name or IPv6 address, port, and a path without "?", "#" and "@".
_USABLE = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/[!-\"$->A-~]*)?\Z")


def base_url(server_host):
    """Return ``server_host`` without its trailing slashes.

    :raises GrowingParamException: when it is not an address that events can be posted to.
    """
    if not isinstance(server_host, strings) or not _USABLE.match(server_host):
        # The value stays out of the message: it may hold a password.
        raise GrowingParamException(
            "server_host must be http:// or https:// and a host, with a port and a path if needed, "
            "in ASCII, without white space, credentials, query and fragment")
    return str(server_host.rstrip("/"))


def endpoints(base, product_id):
    """Return the address of each kind of message, by the names that 1.0.5 has for them."""
    project = quote(product_id.encode("utf-8"), safe="")
    return dict((kind.endpoint, base + kind.path % project) for kind in KINDS)
