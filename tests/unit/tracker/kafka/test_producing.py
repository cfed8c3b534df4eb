"""Sender to a topic, with a handle that answers as a test says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from delivering.rig import HOST, FakeInterrupt
from growingio_tracker.delivery import (
    Batch,
    Delivered,
    Destination,
    Outcome,
    Postponed,
    Rejected,
)
from growingio_tracker.delivery.formats import JsonParser
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.kafka.handle import Handle, NoHandleError
from growingio_tracker.kafka.producing import KafkaSender
from growingio_tracker.kafka.refusals import Refusal
from growingio_tracker.kafka.topic import Origin
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import FakeClock, MemoryTransport
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.said import in_both
from growingio_wire.table import Kind
from kafka_handle import FakeHandle, Produced

TOO_LARGE = Refusal("MSG_SIZE_TOO_LARGE", in_both("MSG_SIZE_TOO_LARGE: too large"))
AWAY = Refusal("_TRANSPORT", in_both("_TRANSPORT: nobody is there"))


def record(name: str, **more: str) -> bytes:
    fields = {"eventType": "CUSTOM", "eventName": name, "projectKey": "p", "dataSourceId": "d"}
    return json.dumps({**fields, **more}, separators=(",", ":")).encode()


def batch(*names: str, first_seq: int = 0, lane: int = 1) -> Batch:
    records = tuple(record(name) for name in names)
    return Batch(Kind.EVENT, records, sum(map(len, records)), first_seq, lane)


def name_of(one: bytes) -> str:
    name: str = json.loads(one)["eventName"]
    return name


class Rig:
    """A sender with a handle, and what it tells."""

    def __init__(self, handle: FakeHandle | None = None) -> None:
        self.handle = handle or FakeHandle()
        self.clock = FakeClock()
        self.problems: list[Problem] = []
        self.opened = 0
        self.interrupt = FakeInterrupt(self.clock)
        self.source: str | None = None
        self.ledger = Ledger(self.clock)
        http = Sender(
            MemoryTransport(),
            JsonParser(),
            dict.fromkeys(Kind, HOST),
            RetryPolicy(),
            request_timeout_s=2.0,
            ledger=self.ledger,
            reporter=Reporter(self.problems.append, self.clock),
            interrupt=self.interrupt,
        )
        self.sender = KafkaSender(
            http,
            Destination("project", "source", HOST),
            self.open,
            "events",
            source_of=lambda _: self.source,
            policy=RetryPolicy(),
            request_timeout_s=30.0,
        )

    def open(self, tell: Callable[[Refusal], None]) -> Handle:
        self.opened += 1
        return self.handle.opened(tell)

    def deliver(self, one: Batch) -> list[tuple[list[str], Outcome]]:
        return [
            ([name_of(record) for record in part.records], outcome)
            for part, outcome in self.sender.deliver(one)
        ]

    def produced(self) -> list[list[str]]:
        rounds = self.handle.rounds
        return [[name_of(one.record.record) for one in messages] for messages in rounds if messages]


def refusing(*names: str, by: Refusal) -> Callable[[Produced], Refusal | None]:
    return lambda message: by if name_of(message.record.record) in names else None


def test_acknowledged() -> None:
    """A batch that brokers acknowledge has one outcome, and its messages say whose they are."""
    rig = Rig()
    assert rig.deliver(batch("a", "b")) == [(["a", "b"], Delivered())]
    first = rig.handle.messages[0]
    assert (first.topic, first.record.origin) == ("events", Origin(Kind.EVENT, "p", "d"))
    assert first.record.record == record("a")
    assert rig.opened == 1


def test_key() -> None:
    """The key is the user's id, else the device's, else the item's; nobody's event has none."""
    rig = Rig()
    both = record("a", userId="u", deviceId="v")
    device, nobody = record("b", deviceId="v"), record("c")
    list(rig.sender.deliver(Batch.of(Kind.EVENT, (both, device, nobody))))
    list(rig.sender.deliver(Batch.of(Kind.ITEM, (b'{"id":"i","key":"k"}',))))
    list(rig.sender.deliver(Batch.of(Kind.MAPPING, (b'{"identifies":{"phone":"1","email":"e"}}',))))
    assert [message.key for message in rig.handle.messages] == [b"u", b"v", None, b"i", b"e"]


@pytest.mark.parametrize("strange", [b"{}", b"no JSON"])
def test_records_of_strangers(strange: bytes) -> None:
    """What does not say where it belongs belongs where the consumer's events do."""
    rig = Rig()
    list(rig.sender.deliver(Batch.of(Kind.ITEM, (strange,))))
    assert rig.handle.messages[0].record.origin == Origin(Kind.ITEM, "project", "source")


def test_event_ids() -> None:
    """A message keeps its id when it is produced again, and no other one has it."""
    rig = Rig(FakeHandle(lambda _: AWAY))
    rig.deliver(batch("a", "a", first_seq=7))
    rig.handle.answer = lambda _: None
    rig.deliver(batch("a", "a", first_seq=7))
    rig.deliver(batch("a", "a", first_seq=9))
    rig.deliver(batch("a", "a", first_seq=7, lane=2))
    ids = [message.event_id for message in rig.handle.messages]
    assert ids[:2] == ids[2:4]
    assert len(set(ids)) == len(ids) - 2
    other = Rig()
    other.deliver(batch("a", "a", first_seq=7))
    assert not set(ids) & {message.event_id for message in other.handle.messages}


def test_event_ids_of_a_spool() -> None:
    """Another process that continues a journal gives the same ids, but not to other records."""
    one, other = Rig(), Rig()
    one.source = other.source = "3f2a9c11-18a4b2c3d4e5f607-4711-event"
    one.deliver(batch("a", first_seq=7))
    other.deliver(batch("a", first_seq=7, lane=9))
    other.deliver(batch("b", first_seq=7))  # after a power cut that took the first
    ids = [message.event_id for message in one.handle.messages + other.handle.messages]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch(r"3f2a9c11-18a4b2c3d4e5f607-4711-event-7-[0-9a-f]{8}", ids[0])


def test_too_large() -> None:
    """One that is too large is found, though its neighbours share the error, and it alone is."""
    rig = Rig()
    names = [*"abcdefg"]
    rounds = [names, [*"abcd"], [*"ab"], [*"cd"], ["c"], ["d"], [*"efg"]]
    rig.handle.answer = lambda _: TOO_LARGE if "c" in rounds[len(rig.handle.rounds) - 1] else None
    outcomes = rig.deliver(batch(*names))
    assert rig.produced() == rounds
    assert [part for part, _ in outcomes] == [["a", "b"], ["c"], ["d", "e", "f", "g"]]
    assert [type(outcome) for _, outcome in outcomes] == [Delivered, Rejected, Delivered]
    rejected = outcomes[1][1]
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "kafka_msg_size_too_large"


def test_brokers_away() -> None:
    """What nobody acknowledges in time is taken back, and waits; then one event asks first."""
    rig = Rig()
    rig.handle.is_silent = True
    ((part, outcome),) = rig.deliver(batch("a", "b", "c"))
    assert part == ["a", "b", "c"]
    assert isinstance(outcome, Postponed)
    assert "3 of 3 events not acknowledged" in str(outcome.error)
    rig.deliver(batch("a", "b", "c"))
    assert rig.produced() == [["a", "b", "c"], ["a"]]
    rig.handle.is_silent = False
    assert rig.deliver(batch("a", "b", "c")) == [(["a", "b", "c"], Delivered())]
    assert rig.produced()[2:] == [["a"], ["b", "c"]]
    assert rig.problems == []


def test_acknowledged_behind_a_gap() -> None:
    """What was acknowledged behind an event that was not waits with it, and is not repeated."""
    rig = Rig(FakeHandle(refusing("b", by=AWAY)))
    outcomes = rig.deliver(batch("a", "b", "c", "d"))
    assert [part for part, _ in outcomes] == [["a"], ["b", "c", "d"]]
    assert isinstance(outcomes[1][1], Postponed)
    rig.handle.answer = lambda _: None
    assert rig.deliver(batch("b", "c", first_seq=1)) == [(["b", "c"], Delivered())]
    assert rig.deliver(batch("d", "e", first_seq=3)) == [(["d", "e"], Delivered())]
    assert rig.produced() == [["a", "b", "c", "d"], ["b"], ["e"]]


@pytest.mark.parametrize("name", ["_UNKNOWN_TOPIC", "TOPIC_AUTHORIZATION_FAILED"])
def test_misconfigured(name: str) -> None:
    """An error that somebody has to do something about is reported once, and probed slowly."""
    rig = Rig(FakeHandle(lambda _: Refusal(name, in_both(f"{name}: no"))))
    for _ in range(3):
        ((_, outcome),) = rig.deliver(batch("a", "b"))
        assert isinstance(outcome, Postponed)
        assert outcome.pause_s == RetryPolicy().misconfigured_interval_s
        assert outcome.error.said.zh.endswith(
            f" 个没有得到确认：{name}: no；请检查 topic、kafka_options 和 kafka_config"
        )
    assert [problem.reason for problem in rig.problems] == ["misconfigured"]
    assert name in rig.problems[0].detail
    rig.handle.answer = lambda _: None
    rig.deliver(batch("a", "b"))
    rig.handle.answer = lambda _: Refusal(name, in_both(f"{name}: no"))
    rig.deliver(batch("c", first_seq=2))
    assert len(rig.problems) == 2


def test_no_access() -> None:
    """Brokers that refuse the password are not waited for as long as those that are away."""
    rig = Rig()
    rig.handle.is_silent = True
    waits = rig.handle.wait

    def wait(patience_s: float, left_s: Callable[[], float]) -> bool:
        rig.handle.have_trouble("_AUTHENTICATION")
        rig.handle.have_trouble("_ALL_BROKERS_DOWN")
        return waits(patience_s, left_s)

    rig.handle.wait = wait  # type: ignore[method-assign]
    ((_, outcome),) = rig.deliver(batch("a"))
    assert isinstance(outcome, Postponed)
    assert "_AUTHENTICATION" in str(outcome.error)
    assert rig.problems[0].reason == "misconfigured"
    assert rig.handle.patience[0] <= 2.0
    assert rig.ledger.stats().last_error == str(outcome.error).removesuffix(
        "; check topic, kafka_options and kafka_config"
    )


def test_options_of_no_use_together() -> None:
    """A certificate that cannot be read is a wrong configuration."""
    rig = Rig()

    def fail(_: Callable[[Refusal], None]) -> Handle:
        raise NoHandleError(Refusal("_INVALID_ARG", in_both("_INVALID_ARG: no such file")))

    rig.sender._open_handle = fail
    ((_, outcome),) = rig.deliver(batch("a"))
    assert isinstance(outcome, Postponed)
    assert rig.problems[0].reason == "misconfigured"


def test_gap() -> None:
    """After an error of brokers or of a connection another handle, with a new sequence, goes on."""
    rig = Rig(
        FakeHandle(lambda _: Refusal("OUT_OF_ORDER_SEQUENCE_NUMBER", in_both("out of order")))
    )
    rig.deliver(batch("a"))
    assert rig.handle.closed == 1
    rig.handle.answer = lambda _: None
    assert rig.deliver(batch("a")) == [(["a"], Delivered())]
    assert rig.opened == 2


def test_interrupted() -> None:
    """An exception of nobody's fault lets go of the handle, whose messages nobody knows of."""
    rig = Rig()

    def interrupt(_: Produced) -> Refusal | None:
        raise KeyboardInterrupt

    rig.handle.answer = interrupt
    with pytest.raises(KeyboardInterrupt):
        rig.deliver(batch("a"))
    assert rig.handle.closed == 1
    assert rig.sender.attempting == set()


def test_e2_closing_bounds_the_wait() -> None:
    """E2: an acknowledgement is waited for no longer than closing may take."""
    rig = Rig()
    rig.interrupt.close_within(3.0)
    rig.deliver(batch("a"))
    assert rig.handle.patience == [pytest.approx(2.9)]


def test_polled() -> None:
    """A handle that is there is asked what librdkafka has to say; none is opened for that."""
    rig = Rig()
    rig.sender.poll()
    assert rig.opened == 0
    rig.deliver(batch("a"))
    rig.sender.poll()
    assert rig.handle.polled == 1
    assert rig.sender.attempting == set()
