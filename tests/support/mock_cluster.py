"""The cluster that librdkafka has for its own tests: brokers that answer as a test says.

They are threads of this process, in memory. Python's client has no names for them, so they are
called by ctypes, in the library that its wheel brings along.
"""

from __future__ import annotations

import ctypes
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import confluent_kafka
import pytest
from confluent_kafka import KafkaError

_PRODUCER: Final = 0
_PRODUCE: Final = 0
_NODES: Final = 3
_COPIES: Final = 3
_LIBRARIES: Final = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"

# The numbers of errors, which the client gives as attributes of KafkaError.
TOO_LARGE: Final[int] = KafkaError.MSG_SIZE_TOO_LARGE
NOT_LEADER: Final[int] = KafkaError.NOT_LEADER_FOR_PARTITION
NO_ACCESS: Final[int] = KafkaError.TOPIC_AUTHORIZATION_FAILED
OUT_OF_ORDER: Final[int] = KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER
INVALID_RECORD: Final = 87
CLOSED: Final[int] = KafkaError._TRANSPORT


class MockCluster:
    """Three brokers. Whatever is asked for is what the next requests of a producer get."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._handle = self._new_handle()
        self._cluster = self._call("rd_kafka_mock_cluster_new", self._handle, _NODES)
        assert self._cluster, "no cluster could be made"
        self.address = self._call(
            "rd_kafka_mock_cluster_bootstraps", self._cluster, result=ctypes.c_char_p
        ).decode()

    def make_topic(self, name: str, partitions: int = 3) -> str:
        """Make a topic, whose partitions the brokers lead in turns; return its name."""
        error = self._call(
            "rd_kafka_mock_topic_create",
            self._cluster,
            name.encode(),
            partitions,
            _COPIES,
            result=ctypes.c_int,
        )
        assert error == 0, error
        for partition in range(partitions):
            leader = partition % _NODES + 1
            place = (self._cluster, name.encode(), partition, leader)
            error = self._call("rd_kafka_mock_partition_set_leader", *place, result=ctypes.c_int)
            assert error == 0, error
        return name

    def answer(self, *errors: int) -> None:
        """Answer the next produce requests with errors, one each."""
        numbers = (ctypes.c_int * len(errors))(*errors)
        self._call(
            "rd_kafka_mock_push_request_errors_array",
            self._cluster,
            ctypes.c_int16(_PRODUCE),
            ctypes.c_size_t(len(errors)),
            numbers,
            result=None,
        )

    def forgive(self) -> None:
        """Answer without errors again."""
        self._call(
            "rd_kafka_mock_clear_request_errors",
            self._cluster,
            ctypes.c_int16(_PRODUCE),
            result=None,
        )

    def take_down(self, node: int) -> None:
        """Let a broker answer nobody; they have the numbers 1 to 3."""
        self._call("rd_kafka_mock_broker_set_down", self._cluster, node, result=ctypes.c_int)

    def bring_up(self, node: int) -> None:
        """Let it answer again."""
        self._call("rd_kafka_mock_broker_set_up", self._cluster, node, result=ctypes.c_int)

    def delay(self, milliseconds: int) -> None:
        """Let every answer of every broker take so long."""
        self._call(
            "rd_kafka_mock_broker_set_rtt", self._cluster, -1, milliseconds, result=ctypes.c_int
        )

    def end(self) -> None:
        """End all of it."""
        self._call("rd_kafka_mock_cluster_destroy", self._cluster, result=None)
        self._call("rd_kafka_destroy", self._handle, result=None)

    def _new_handle(self) -> Any:
        said = ctypes.create_string_buffer(512)
        size = ctypes.c_size_t(len(said))
        settings = self._call("rd_kafka_conf_new")
        quiet = (settings, b"log_level", b"0", said, size)
        assert self._call("rd_kafka_conf_set", *quiet, result=ctypes.c_int) == 0, said.value
        handle = self._call("rd_kafka_new", _PRODUCER, settings, said, size)
        assert handle, said.value
        return handle

    def _call(self, name: str, *arguments: Any, result: Any = ctypes.c_void_p) -> Any:
        function = getattr(self._library, name)
        function.restype = result
        found = function(*arguments)
        return ctypes.c_void_p(found) if result is ctypes.c_void_p else found


@contextmanager
def running_mock_cluster() -> Generator[MockCluster, None, None]:
    """Yield a cluster; skip the test where the client's library shows no functions for it."""
    found = sorted(_LIBRARIES.glob("librdkafka*.so*"))
    if not found:
        pytest.skip("not here: librdkafka is not a library beside its client")
    cluster = MockCluster(ctypes.CDLL(str(found[0])))
    try:
        yield cluster
    finally:
        cluster.end()
