"""Errors of librdkafka, by their cause, and its log lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from growingio_wire.logs import logger
from growingio_wire.said import Said

_log: Final = logger("growingio_tracker.kafka")
_LINE_EVERY_S: Final = 60.0

_OF_CONTENT: Final = frozenset(
    {
        "MSG_SIZE_TOO_LARGE",
        "INVALID_MSG_SIZE",
        "RECORD_LIST_TOO_LARGE",
        "INVALID_RECORD",
        "INVALID_TIMESTAMP",
    }
)
_OF_CONFIGURATION: Final = frozenset(
    {
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
        "TOPIC_EXCEPTION",
        "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "UNSUPPORTED_VERSION",
        "_AUTHENTICATION",
        "_SSL",
        "_UNSUPPORTED_FEATURE",
        "_INVALID_ARG",
    }
)
_TAKEN_BACK: Final = frozenset({"_PURGE_QUEUE", "_PURGE_INFLIGHT"})


class Refusal(NamedTuple):
    """An error of librdkafka, without secrets.

    :param name: for example ``"MSG_SIZE_TOO_LARGE"``.
    """

    name: str
    said: Said

    @property
    def is_of_content(self) -> bool:
        """Whether a retry would fail, too, because of a message of the same request."""
        return self.name in _OF_CONTENT

    @property
    def is_of_configuration(self) -> bool:
        """Whether the configuration has to be changed."""
        return self.name in _OF_CONFIGURATION

    @property
    def is_taken_back(self) -> bool:
        """Whether the message was taken back by us."""
        return self.name in _TAKEN_BACK


Refusals: TypeAlias = dict[int, Refusal]
"""Errors of unacknowledged messages, by the number given to each message."""


class LogLines:
    """Logger for librdkafka, which writes its lines when a handle is polled.

    Among lines of one facility, one a minute keeps its level, and the others are logged as debug:
    while brokers are unreachable, there are many.

    :param masked: removes secrets from a line.
    """

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._said_at: dict[str, float] = {}

    def log(self, level: int, form: str, facility: str, name: str, line: str) -> None:
        """Write one line. Called by librdkafka."""
        now = time.monotonic()
        if now - self._said_at.get(facility, -_LINE_EVERY_S) < _LINE_EVERY_S:
            level = logging.DEBUG
        else:
            self._said_at[facility] = now
        if _log.isEnabledFor(level):
            _log.log(min(level, logging.WARNING), form, facility, name, self._masked(line))
