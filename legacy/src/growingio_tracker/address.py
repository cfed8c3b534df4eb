"""From ``server_host`` to the addresses that events are posted to."""

from growingio_tracker._compat import quote, strings, urlsplit
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import KINDS


def base_url(server_host):
    """Return ``server_host`` without its trailing slashes.

    :raises GrowingParamException: when it is not an address that events can be posted to.
    """
    reason = _what_is_wrong(server_host)
    if reason:  # the value stays out of the message: it may hold a password
        raise GrowingParamException("server_host cannot be used: " + reason)
    return str(server_host.rstrip("/"))


def endpoints(base, product_id):
    """Return the address of each kind of message, by the names that 1.0.5 has for them."""
    project = quote(product_id.encode("utf-8"), safe="")
    return dict((kind.endpoint, base + kind.path % project) for kind in KINDS)


def _what_is_wrong(server_host):
    if not isinstance(server_host, strings):
        return "it must be a str"
    if any(not "!" <= character <= "~" for character in server_host):
        return "it contains white space, control or non-ASCII characters"
    try:
        parts = urlsplit(server_host)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not host:
        return "it must be http:// or https:// and a host"
    if "@" in parts.netloc or parts.query or parts.fragment:
        return "it must not have credentials, a query or a fragment"
    return None
