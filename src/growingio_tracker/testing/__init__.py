"""Helpers for tests: recorded events instead of requests, and a clock under the test's control."""

from growingio_tracker.testing.fakes import Answer, FakeClock, MemoryTransport
from growingio_tracker.testing.recorded_event import RecordedEvent, RecordedKind
from growingio_tracker.testing.recording import (
    Recording,
    RecordingConsumer,
    WouldSendError,
    record_everything,
)

__all__ = [
    "Answer",
    "FakeClock",
    "MemoryTransport",
    "RecordedEvent",
    "RecordedKind",
    "Recording",
    "RecordingConsumer",
    "WouldSendError",
    "record_everything",
]
