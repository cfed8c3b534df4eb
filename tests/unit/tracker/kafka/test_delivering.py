"""Windows of a relay on their way: what is sent, what becomes a dead letter, what comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from consumed import EVENTS, ITEMS, FakeMessage, entries, numbered
from delivering.rig import ADDRESSES, FakeInterrupt, names
from growingio_tracker.delivery import BatchLimits
from growingio_tracker.delivery.formats import JsonParser
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Pace
from growingio_tracker.kafka.delivering import Delivery
from growingio_tracker.kafka.incoming import Incoming
from growingio_tracker.kafka.partitions import Assignment
from growingio_tracker.kafka.topic import TopicRecord, headers_of
from growingio_tracker.kafka.windows import Letter, Window
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import Answer, FakeClock, MemoryTransport
from growingio_wire.errors import GrowingIOException
from growingio_wire.http.retry import RetryPolicy


class Letters:
    """A dead-letter topic that refuses as often as told."""

    def __init__(self) -> None:
        self.written: list[Letter] = []
        self.refusals = 0

    def write(self, letters: Collection[Letter]) -> list[Letter]:
        if self.refusals:
            self.refusals -= 1
            raise GrowingIOException("the broker said no")
        self.written += letters
        return list(letters)


class Rig:
    """A delivery without Kafka, network, threads or real time."""

    def __init__(self, answers: Iterable[Answer] = (), max_events: int = 3) -> None:
        self.clock = FakeClock()
        self.clock.advance(1000.0)
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        reporter = Reporter(self.problems.append, self.clock)
        interrupt = FakeInterrupt(self.clock)
        self.transport = MemoryTransport(answers)
        self.letters = Letters()
        self.assignment = Assignment(
            BatchLimits(max_events, linger_s=1.0),
            self.ledger,
            max_events=1000,
            max_bytes=1_000_000,
            clock=self.clock,
        )
        sender = Sender(
            self.transport,
            JsonParser(),
            ADDRESSES,
            RetryPolicy(limit=0),
            request_timeout_s=1.0,
            ledger=self.ledger,
            reporter=reporter,
            interrupt=interrupt,
        )
        self.delivery = Delivery(
            self.assignment,
            lambda _: sender,
            self.letters,
            pace=Pace(None, self.clock),
            ledger=self.ledger,
            reporter=reporter,
            interrupt=interrupt,
        )
        self.assignment.assign([0, 1])

    def round(self) -> Window | None:
        """Do what a thread does for one window."""
        window = self.assignment.next(wait=False)
        if window is not None:
            self.delivery.deliver(window)
        return window

    @property
    def sent(self) -> list[list[str]]:
        return [names(request) for request in self.transport.requests]

    def assert_balanced(self) -> None:
        stats = self.ledger.stats()
        ended = stats.delivered + sum(stats.rejected.values()) + stats.handed_over
        assert stats.adopted == ended + stats.pending


def test_one_window_at_a_time() -> None:
    """The next window of a partition begins when the offset of the last was committed."""
    rig = Rig()
    rig.assignment.add({0: numbered(0, 5)})
    window = rig.round()
    assert window is not None
    assert rig.round() is None
    assert rig.assignment.finished() == [window]
    rig.assignment.done(window)
    rig.clock.advance(2)
    assert rig.round() is not None
    assert rig.sent == [["0", "1", "2"], ["3", "4"]]


def test_lingering() -> None:
    """A window that is not full waits for others."""
    rig = Rig()
    rig.assignment.add({0: numbered(0, 2)})
    assert rig.round() is None
    rig.assignment.add({0: numbered(2, 3)})
    assert rig.round() is not None
    rig.assignment.add({1: numbered(0, 1, partition=1)})
    assert rig.round() is None
    rig.clock.advance(1.5)
    assert rig.round() is not None


def test_origins_share_a_window() -> None:
    """The records of a window are sent by kind, project and data source."""
    rig = Rig(max_events=4)
    item = headers_of(TopicRecord(ITEMS, b"", None))
    mixed = numbered(0, 2)
    mixed += Incoming().entries(FakeMessage(b'{"eventName":"item"}', item, offset=2))
    mixed += numbered(3, 4)
    rig.assignment.add({0: mixed})
    window = rig.round()
    assert window is not None
    assert (rig.sent, window.end_offset) == ([["0", "1", "3"], ["item"]], 4)
    assert [request.url.partition("?")[0] for request in rig.transport.requests] == [
        ADDRESSES[EVENTS.kind],
        ADDRESSES[ITEMS.kind],
    ]


def test_array_stays_whole() -> None:
    """The records of one message are in one window, though there are more than usual."""
    rig = Rig()
    raw = b'{"eventType":"CUSTOM","eventName":"%d","projectKey":"p","dataSourceId":"d"}'
    array = b"[%s]" % b",".join(raw % number for number in range(10))
    found = list(Incoming().entries(FakeMessage(array, None, offset=0)))
    rig.assignment.add({0: found + numbered(1, 2)})
    window = rig.round()
    assert window is not None
    assert (window.end_offset, len(rig.sent[0])) == (1, 10)


def test_postponed_part() -> None:
    """What was accepted before a failure is not sent again, and the rest is, in order."""
    rig = Rig([413, 200, 503], max_events=4)
    rig.assignment.add({0: numbered(0, 4)})
    assert rig.round() is not None
    assert rig.assignment.finished() == []
    assert rig.assignment.stuck() == {0}
    rig.assert_balanced()
    rig.clock.advance(20)
    assert rig.round() is not None
    assert rig.sent == [["0", "1", "2", "3"], ["0", "1"], ["2", "3"], ["2", "3"]]
    assert len(rig.assignment.finished()) == 1
    assert rig.assignment.stuck() == set()


def test_failing_server_is_asked_once() -> None:
    """While the server fails, one partition at a time asks whether it is back."""
    rig = Rig([503, 200])
    rig.assignment.add({0: numbered(0, 3), 1: numbered(0, 3, partition=1)})
    rig.round()
    assert rig.round() is None
    rig.clock.advance(20)
    probe = rig.assignment.next(wait=False)
    assert probe is not None
    assert rig.assignment.next(wait=False) is None
    rig.delivery.deliver(probe)
    assert rig.round() is not None


def test_unwritten_dead_letter() -> None:
    """A dead letter that is not acknowledged waits; the others of its window are not sent again."""
    rig = Rig([400, 200, 400, 200])
    rig.letters.refusals = 1
    rig.assignment.add({0: [*entries(b"x"), *numbered(1, 3)]})
    rig.clock.advance(1.5)
    rig.round()
    assert rig.assignment.finished() == []
    assert "dead_letter_unwritten" in {one.reason for one in rig.problems}
    requests = len(rig.sent)
    rig.clock.advance(10)
    rig.round()
    assert len(rig.sent) == requests
    assert [one.reason for one in rig.letters.written] == ["not_json", "status_400"]
    assert [one.status for one in rig.letters.written] == [0, 400]
    assert rig.ledger.stats().rejected == {"not_json": 1, "status_400": 1}
    assert len(rig.assignment.finished()) == 1
    rig.assert_balanced()


def test_partition_taken_away() -> None:
    """What another relay goes on with is given back, also when a request was on its way."""
    rig = Rig()
    rig.assignment.add({0: numbered(0, 5), 1: numbered(0, 2, partition=1)})
    window = rig.assignment.next(wait=False)
    assert window is not None
    assert rig.assignment.retire([0, 1], 0) is False
    rig.assignment.forget([0, 1])
    assert rig.ledger.stats().handed_over == 4
    rig.delivery.deliver(window)
    assert rig.sent == []
    assert rig.ledger.stats().handed_over == 7
    assert rig.ledger.stats().pending == 0
    rig.assert_balanced()


def test_unexpected_error(caplog: object) -> None:
    """An error that nobody expects loses nothing: the window is tried again."""
    rig = Rig()

    class Broken(Letters):
        def write(self, letters: Collection[Letter]) -> list[Letter]:
            raise ZeroDivisionError

    rig.delivery = Delivery(
        rig.assignment,
        lambda _: 1 / 0,  # type: ignore[arg-type,return-value]
        Broken(),
        pace=Pace(None, rig.clock),
        ledger=rig.ledger,
        reporter=Reporter(None, rig.clock),
        interrupt=FakeInterrupt(rig.clock),
    )
    rig.assignment.add({0: numbered(0, 3)})
    assert rig.round() is not None
    assert rig.assignment.finished() == []
    assert rig.ledger.stats().pending == 3
    rig.clock.advance(5)
    assert rig.round() is not None
