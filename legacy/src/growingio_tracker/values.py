"""What may be passed, and the one form in which it is sent; else a GrowingParamException."""

from __future__ import unicode_literals

import json
import logging
import re

from growingio_tracker._compat import (
    LONE_SURROGATE, PY2, Mapping, integers, numbers, strings, text_type)
from growingio_tracker.exceptions import GrowingParamException

# Seconds stay below the first bound until the year 5138, milliseconds above it since 1973.
_SECONDS_BELOW, _MICROSECONDS_FROM = 10**11, 10**14

# Scheme, name or IPv6 address, port, and a path without "?", "#" and "@".
_ADDRESS = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/[!-\"$->A-~]*)?\Z")

_log = logging.getLogger("growingio_tracker")


def mapping(value, argument):
    """Return ``value``, which must be a mapping."""
    if not isinstance(value, Mapping):
        raise GrowingParamException(
            "%s must map names to values, got %s" % (argument, type(value).__name__))
    return value


def bounded(value, argument, types, least, most):
    """Return ``value``, which must be a number within the bounds."""
    if isinstance(value, bool) or not isinstance(value, types) or not least <= value <= most:
        raise GrowingParamException("%s must be %s from %d to %d, got %r" % (
            argument, "a number" if float in types else "an int", least, most, value))
    return value


def identifier(value, argument, types=strings + integers):
    """Return an id, key or name as text, or ``None`` for ``None`` and for empty text."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, types):
        raise GrowingParamException("%s must be a str, got %s" % (argument, type(value).__name__))
    try:
        return text_type(_scalar(value)) or None
    except ValueError:
        raise GrowingParamException("%s must be UTF-8 without lone surrogates" % argument)


def required(value, argument, types=strings + integers):
    """Do the same as :func:`identifier`, but ``None`` and empty text are errors as well."""
    found = identifier(value, argument, types)
    if found is None:
        raise GrowingParamException("%s must be a non-empty str" % argument)
    return found


def base_url(server_host):
    """Return ``server_host`` without its trailing slashes."""
    if not isinstance(server_host, strings) or not _ADDRESS.match(server_host):
        # The value stays out of the message: it may hold a password.
        raise GrowingParamException(
            "server_host must be http:// or https:// and a host, with a port and a path if needed, "
            "in ASCII, without white space, credentials, query and fragment")
    return str(server_host.rstrip("/"))


def event_time_ms(value):
    """Return Unix milliseconds; the error for another unit has a hint."""
    bounded(value, "event_time", numbers, 1, 10**21)
    corrected = int(value) if value >= _SECONDS_BELOW else int(value * 1000)
    while corrected >= _MICROSECONDS_FROM:
        corrected //= 1000
    if corrected != int(value):
        raise GrowingParamException("event_time must be Unix milliseconds; %s has another unit, "
                                    "did you mean %d?" % (value, corrected))
    return corrected


def sendable(attributes, argument):
    """Return ``attributes`` as they are sent; what cannot be sent is left out and logged."""
    sent = {}
    for key, value in list(mapping({} if attributes is None else attributes, argument).items()):
        if not isinstance(key, strings) or not key:
            raise GrowingParamException("%s must have non-empty str keys, not %s" % (
                argument, type(key).__name__))
        try:
            name, converted = _text(key), _value(value)
        except Exception:  # also from a method of the caller's own class
            _log.warning("%s[%r] was left out: it must be finite numbers, booleans, UTF-8 text, or "
                         "lists or maps of them, not this %s", argument, key, type(value).__name__)
        else:
            if converted is not None:
                sent[name] = converted
    return sent or None


def as_text(scalar):
    """Return the text of a scalar: the same inside lists and in protobuf."""
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    # str() of a float cuts digits on Python 2.
    return text_type(repr(scalar)) if isinstance(scalar, float) else text_type(scalar)


def _value(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [as_text(one) for one in map(_scalar, value) if one is not None and one != ""]
        return "||".join(texts if isinstance(value, (list, tuple)) else sorted(texts))
    if isinstance(value, Mapping):
        pairs = [(_text(key), _scalar(inner)) for key, inner in list(value.items())]
        given = dict(pair for pair in pairs if pair[1] is not None)
        return text_type(json.dumps(given, separators=(",", ":"), ensure_ascii=False))
    return _scalar(value)


def _scalar(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, strings):
        return _text(value)
    if isinstance(value, integers):
        return int(value)
    if not isinstance(value, float) or value - value != 0:  # NaN and the infinities
        raise ValueError
    return float(value)


def _text(value):
    if PY2 and isinstance(value, bytes):
        value = value.decode("utf-8")
    if LONE_SURROGATE.search(value):
        raise ValueError
    return "".join([value])  # the text alone, without the caller's subclass
