"""Errors of librdkafka and of brokers: which event, configuration or moment they blame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from growingio_tracker.kafka.client import Client

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

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

    @staticmethod
    def of(error: KafkaError, client: Client) -> Refusal:
        """Return what an error of one of the client's handles says."""
        return Refusal(error.name(), client.said(error))

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
