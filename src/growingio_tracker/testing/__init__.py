"""For tests: what was tracked without sending it, a clock that stands still, no network."""

from growingio_tracker.testing.everything import record_everything
from growingio_tracker.testing.fake_clock import FakeClock
from growingio_tracker.testing.memory_transport import Answer, MemoryTransport
from growingio_tracker.testing.recorded_event import RecordedEvent, RecordedKind
from growingio_tracker.testing.recording import Recording, WouldSendError
from growingio_tracker.testing.recording_consumer import RecordingConsumer

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
