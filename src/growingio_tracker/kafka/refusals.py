"""What librdkafka says: errors, by what they blame, and log lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

_log: Final = logging.getLogger("growingio_tracker.kafka")
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
    said: str

    @property
    def is_of_content(self) -> bool:
        """Whether it would come again, perhaps because of another message of the same request."""
        return self.name in _OF_CONTENT

    @property
    def is_of_configuration(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.name in _OF_CONFIGURATION

    @property
    def is_taken_back(self) -> bool:
        """Whether it only says that we took the message back."""
        return self.name in _TAKEN_BACK


Refusals: TypeAlias = dict[int, Refusal]
"""The errors of messages that no broker acknowledged, by the numbers that they were given."""


class LogLines:
    """Logger for librdkafka, which writes lines when somebody polls.

    Of lines about the same, one a minute has the level that librdkafka gives it, and the others
    are for debugging: while brokers are away, it writes many.

    :param masked: takes the secrets out of a line.
    """

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._said_at: dict[str, float] = {}

    def log(self, level: int, form: str, facility: str, name: str, line: str) -> None:
        """Write one line; librdkafka calls this."""
        now = time.monotonic()
        if now - self._said_at.get(facility, -_LINE_EVERY_S) < _LINE_EVERY_S:
            level = logging.DEBUG
        else:
            self._said_at[facility] = now
        if _log.isEnabledFor(level):
            _log.log(min(level, logging.WARNING), form, facility, name, self._masked(line))
