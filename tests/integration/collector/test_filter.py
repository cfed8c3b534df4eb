"""One filter for all: what SQL finds, and why something does not match."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from growingio_collector import Collector
from growingio_collector.store.filter import Filter, make_filter, why_not
from growingio_collector.store.reading import find_events
from growingio_collector.store.waiting import nearest
from growingio_wire.errors import GrowingParamException
from posted import event

EVENTS: tuple[dict[str, Any], ...] = (
    event("pay", user="u1", attributes={"phone": 138, "city": "Málaga", "price": 1.0}),
    event("pay", user="u2", attributes={"phone": "138", "note": "É\u200f"}),
    event("look", user="u1", deviceId="d1", attributes={"on": True, "tags": ["a", "b"]}),
    event("K", user="ß", attributes=[1]),
    event("escaped", user="u3", attributes={"note": "écrit"}),
)
FILTERS = (
    Filter(),
    Filter(name="pay"),
    Filter(user="u1", kind="event"),
    Filter(verdict="bad"),
    Filter(device="d1"),
    Filter(attributes=(("phone", "138"),)),
    Filter(attributes=(("phone", "138"), ("city", "Málaga"))),
    Filter(attributes=(("price", "1.0"),)),
    Filter(attributes=(("on", "true"),)),
    Filter(attributes=(("tags", '["a","b"]'),)),
    Filter(q="É"),
    Filter(q="é"),
    Filter(q="málaga"),
    Filter(q="ss"),
    Filter(q="k"),
    Filter(q=""),
    Filter(code="attributes_not_object"),
    Filter(request=1),
    Filter(since=0, until=2**53),
    Filter(until=0),
)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Run a collector that has received the events, non-ASCII text as it is and escaped."""
    with Collector() as running:
        _send(running, *EVENTS)
        yield running


def _send(collector: Collector, *events: dict[str, Any]) -> None:
    for one in events:
        body = json.dumps([one], ensure_ascii=one["eventName"] == "escaped")
        path = "/v3/projects/p1/collect"
        urllib3.request("POST", collector.url + path, body=body.encode(), retries=False)


@pytest.mark.parametrize("wanted", FILTERS)
def test_one_table(collector: Collector, wanted: Filter) -> None:
    """Exactly what SQL finds has no reason not to match, whatever the filter asks for."""
    path = Path(collector.info().db)
    found = find_events(path, wanted)
    every = find_events(path)
    assert len(every) == len(EVENTS)
    assert [one.id for one in found] == [one.id for one in every if not why_not(one, wanted)]


@pytest.mark.parametrize(("q", "count"), [("é", 2), ("É", 2), ("MÁLAGA", 1), ("K", 2), ("ss", 1)])
def test_any_case_of_any_script(collector: Collector, q: str, count: int) -> None:
    """Upper and lower case make no difference, of letters outside ASCII neither."""
    assert len(collector.events(q=q)) == count


def test_unknown() -> None:
    """A filter that there is not is refused, with the one that was probably meant."""
    with pytest.raises(GrowingParamException, match="unknown filter; did you mean user"):
        make_filter({"users": "u1"})  # type: ignore[typeddict-unknown-key]


def test_near_names_first() -> None:
    """Of events that almost match, those with a like name come first, and say what differs."""
    with Collector() as own:
        _send(own, event("page_view"), event("order_paid", user="u2"), event("look"))
        misses = nearest(Path(own.info().db), Filter(name="order_payed", user="u1"))
    assert misses[0].event.name == "order_paid"
    assert [reason.en for reason in misses[0].reasons] == [
        "name is order_paid, not order_payed",
        "user is u2, not u1",
    ]
