"""Attribute values, ids and times: what may be passed, and the one form in which it is sent."""

from __future__ import unicode_literals

import json

from growingio_tracker._compat import LONE_SURROGATE, PY2, Mapping, integers, strings, text_type
from growingio_tracker.exceptions import GrowingParamException

CONNECTOR = "||"

# Seconds stay below the first bound until the year 5138, milliseconds above it since 1973.
_SECONDS_BELOW = 10**11
_MICROSECONDS_FROM = 10**14


class Unsendable(Exception):
    """One value cannot be sent; the text says why and never holds the value."""


def sendable(attributes, argument):
    """Return a copy of ``attributes`` in the form that is sent, and texts on what was left out.

    :raises GrowingParamException: when it is not a mapping, or a key is not a non-empty string.
    """
    check_mapping(attributes, argument)
    sent, left_out = {}, []
    for key, value in list(attributes.items()):
        if not isinstance(key, strings) or not key:
            raise _wrong(argument, "must have non-empty str keys, not one of type", key)
        try:
            name, converted = _text(key), _value(value)
        except Exception as error:  # also from a method of the caller's own class
            reason = error if isinstance(error, Unsendable) else "reading it raised an error"
            left_out.append("%s[%r] (%s): %s" % (argument, key, type(value).__name__, reason))
        else:
            if converted is not None:
                sent[name] = converted
    return sent, left_out


def check_mapping(attributes, argument):
    """Raise a GrowingParamException when ``attributes`` is not a mapping."""
    if not isinstance(attributes, Mapping):
        raise _wrong(argument, "must be a mapping of names to values, got", attributes)


def as_text(scalar):
    """Return the text of a scalar: the same inside lists and in protobuf."""
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    # str() of a float cuts digits on Python 2.
    return text_type(repr(scalar)) if isinstance(scalar, float) else text_type(scalar)


def identifier(value, argument):
    """Return an id or key as text; ``None`` and ``""`` mean that there is none.

    :raises GrowingParamException: when it is neither text nor an int.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, strings + integers):
        raise _wrong(argument, "must be a str, got", value)
    try:
        return text_type(_scalar(value)) or None
    except Unsendable as error:
        raise GrowingParamException("%s cannot be sent: %s" % (argument, error))


def required(value, argument, types=strings + integers):
    """Return an id, key or name as text.

    :raises GrowingParamException: when it is missing, empty or none of ``types``.
    """
    found = identifier(value, argument) if isinstance(value, types) else None
    if found is None:
        raise _wrong(argument, "must be a non-empty str, got", value)
    return found


def event_time_ms(value, argument="event_time"):
    """Return a time as Unix milliseconds.

    :raises GrowingParamException: for another type, and for what looks like seconds or
        microseconds; the message holds the corrected number.
    """
    if isinstance(value, bool) or not isinstance(value, integers + (float,)):
        raise _wrong(argument, "must be Unix milliseconds (int), got", value)
    if not 0 < value < 10**21:
        raise GrowingParamException("%s must be positive Unix milliseconds" % argument)
    corrected = int(value) if value >= _SECONDS_BELOW else int(value * 1000)
    while corrected >= _MICROSECONDS_FROM:
        corrected //= 1000
    if corrected != int(value):
        raise GrowingParamException("%s must be Unix milliseconds; %s has another unit, did you "
                                    "mean %d?" % (argument, value, corrected))
    return corrected


def _wrong(argument, rule, value):
    return GrowingParamException("%s %s %s" % (argument, rule, type(value).__name__))


def _value(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        scalars = [_scalar(element) for element in value]
        texts = [as_text(one) for one in scalars if one is not None and one != ""]
        return CONNECTOR.join(texts if isinstance(value, (list, tuple)) else sorted(texts))
    if isinstance(value, Mapping):
        scalars = dict((_text(key), _scalar(inner)) for key, inner in list(value.items()))
        given = dict((key, inner) for key, inner in scalars.items() if inner is not None)
        return text_type(json.dumps(given, separators=(",", ":"), ensure_ascii=False))
    return _scalar(value)


def _scalar(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, strings):
        return _text(value)
    if isinstance(value, integers):
        return int(value)
    if not isinstance(value, float):
        raise Unsendable("this type cannot be sent")
    if value - value != 0:  # NaN and the infinities
        raise Unsendable("not a finite number")
    return float(value)


def _text(value):
    if PY2 and isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            raise Unsendable("bytes that are not UTF-8")
    if LONE_SURROGATE.search(value):
        raise Unsendable("lone surrogates are not valid text")
    return "".join([value])  # the text alone, without the caller's subclass
