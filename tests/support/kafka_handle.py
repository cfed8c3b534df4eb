"""Handle of a producer without librdkafka: a test says what brokers answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from growingio_tracker.kafka.refusals import Refusal, Refusals
from growingio_tracker.kafka.topic import EVENT_ID, Header, TopicRecord, read
from growingio_wire.said import in_both

Answer = Callable[["Produced"], "Refusal | None"]


class Produced(NamedTuple):
    """A message that was produced."""

    topic: str
    key: bytes | None
    record: TopicRecord
    event_id: str


def acknowledge(_: Produced) -> None:
    """Answer as a broker that takes everything."""


class FakeHandle:
    """See the module.

    :param answer: what becomes of a message; None is an acknowledgement.
    :ivar rounds: the messages of each round.
    :ivar silent: those whose outcome nobody tells until they are taken back.
    """

    def __init__(self, answer: Answer = acknowledge) -> None:
        self.answer = answer
        self.rounds: list[list[Produced]] = [[]]
        self.patience: list[float] = []
        self.is_silent = False
        self.closed = self.polled = 0
        self._waiting: list[tuple[int, Refusals]] = []
        self._tell: Callable[[Refusal], None] = lambda _: None

    def opened(self, tell: Callable[[Refusal], None]) -> FakeHandle:
        """Be opened by a sender."""
        self._tell = tell
        return self

    def have_trouble(self, name: str) -> None:
        """Tell of an error that is about no message."""
        self._tell(Refusal(name, in_both(f"{name}: it is so")))

    @property
    def messages(self) -> list[Produced]:
        """All that was produced, in order."""
        return [one for messages in self.rounds for one in messages]

    def produce(
        self,
        topic: str,
        record: bytes,
        key: bytes | None,
        headers: list[Header],
        number: int,
        refusals: Refusals,
    ) -> None:
        event_id = dict(headers)[EVENT_ID]
        assert isinstance(event_id, bytes)
        message = Produced(topic, key, read(record, headers), event_id.decode())
        self.rounds[-1].append(message)
        if self.is_silent:
            self._waiting.append((number, refusals))
        elif (refusal := self.answer(message)) is not None:
            refusals[number] = refusal

    def wait(self, patience_s: float, left_s: Callable[[], float]) -> bool:
        self.rounds.append([])
        self.patience.append(min(patience_s, left_s()))
        return not self._waiting

    def take_back(self) -> bool:
        for number, refusals in self._waiting:
            refusals[number] = Refusal("_PURGE_QUEUE", in_both("taken back"))
        self._waiting.clear()
        return True

    def poll(self) -> None:
        self.polled += 1

    def close(self) -> None:
        self.closed += 1
