"""One property with several types."""

from typing import Any

from growingio_collector.rules.history import MAX_PROPERTIES, History, SeenType
from growingio_wire.table import Kind
from judging import arrival, codes, good_event, judge


class _Sender:
    """Sends events of different users, so that none is a repeat."""

    def __init__(self, history: History | None = None) -> None:
        self._memory = history or History()
        self._sent = 0

    def send(self, attributes: dict[str, Any], client: str | None = None, **more: Any) -> list[str]:
        """Return the sentences about types."""
        self._sent += 1
        event = good_event(userId=f"u{self._sent}", attributes=attributes, **more)
        [finding] = judge(event, came=arrival(client=client), history=self._memory)
        found = [problem for problem in finding.issues if problem.code == "type_differs"]
        assert all(problem.path == "attributes.qty" for problem in found)
        return [problem.sentence for problem in found]


def test_across_clients() -> None:
    """A type that differs from another client's is a warning that names both clients."""
    sender = _Sender()
    assert sender.send({"qty": 3}, "Python 1.0.5") == []
    assert sender.send({"qty": "3"}, "Web 4.3.1") == [
        "attributes.qty is a string here (from Web 4.3.1), but was a number before "
        "(from Python 1.0.5)."
    ]


def test_said_once() -> None:
    """What is known is not said again, to neither side; another client is news."""
    sender = _Sender()
    sender.send({"qty": 3}, "Python 1.0.5")
    assert len(sender.send({"qty": "3"}, "Web 4.3.1")) == 1
    assert sender.send({"qty": "4"}, "Web 4.3.1") == []
    assert sender.send({"qty": 4}, "Python 1.0.5") == []
    assert len(sender.send({"qty": 4}, "PHP")) == 1


def test_unnamed_client() -> None:
    """A client without a name is compared like any other."""
    sender = _Sender()
    assert sender.send({"qty": 3}) == []
    assert len(sender.send({"qty": "3"})) == 1


def test_no_difference() -> None:
    """Whole and broken numbers are one type, and null says nothing."""
    sender = _Sender()
    for value in (3, 1.5, None, 4):
        assert sender.send({"qty": value}) == []


def test_other_event() -> None:
    """The same key in another event, and in an item, is another property."""
    history = History()
    sender = _Sender(history)
    sender.send({"qty": 3})
    assert sender.send({"qty": "3"}, eventName="buy") == []
    item = {"id": "1", "key": "pay", "attributes": {"qty": "3"}}
    assert codes(*judge(item, kind=Kind.ITEM, history=history)) == []


def test_earlier_run() -> None:
    """What an earlier run saw counts."""
    history = History([SeenType("event", "pay", "qty", "Web 4.3.1", "string")])
    assert len(_Sender(history).send({"qty": 3}, "Python 1.0.5")) == 1


def test_bounded() -> None:
    """A property beyond the bound is judged without regard to its types."""
    seen = [SeenType("event", "pay", str(number), "", "string") for number in range(MAX_PROPERTIES)]
    sender = _Sender(History(seen))
    assert sender.send({"qty": 3}) == []
    assert sender.send({"qty": "3"}) == []
