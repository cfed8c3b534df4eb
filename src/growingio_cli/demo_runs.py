"""Runs of the demo: the calls through each strategy and format, and the messages that arrive."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import msgspec

from growingio_collector import Collector, Event, WaitTimeoutError
from growingio_tracker.config import parser_of
from growingio_tracker.config.keys import FORMATS
from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.buffered import AsyncBufferedConsumer, BufferedConsumer
from growingio_tracker.consumers.default import DebugConsumer, DefaultConsumer
from growingio_tracker.consumers.durable import DurableConsumer
from growingio_tracker.delivery.formats import DataParser
from growingio_tracker.model.events import CustomEventMessage, ResourceItem
from growingio_tracker.tracker import GrowingTracker
from growingio_wire import VERSION
from growingio_wire.table import text

ROUNDS: Final = 20
"""How often each combination makes all calls."""

_WAIT_S: Final = 30.0
_PROJECT: Final = "demo-project"
_DATA_SOURCE: Final = "demo-source"

_MakeConsumer: TypeAlias = Callable[[str, DataParser, str], Consumer]
"""Creates a consumer from the server's address, a format, and a folder for a spool."""

STRATEGIES: Final[Mapping[str, _MakeConsumer]] = {
    "DefaultConsumer": lambda url, parser, _: DefaultConsumer(_PROJECT, _DATA_SOURCE, url, parser),
    "BufferedConsumer": lambda url, parser, _: BufferedConsumer(
        _PROJECT, _DATA_SOURCE, url, parser, max_size=50
    ),
    "AsyncBufferedConsumer": lambda url, parser, _: AsyncBufferedConsumer(
        _PROJECT, _DATA_SOURCE, url, parser, flush_after=1, max_size=50
    ),
    "DurableConsumer": lambda url, parser, folder: DurableConsumer(
        _PROJECT, _DATA_SOURCE, url, parser, spool=folder, flush_after=1, max_size=50
    ),
    "DebugConsumer": lambda url, parser, _: DebugConsumer(
        _PROJECT, _DATA_SOURCE, url, parser, stream=io.StringIO()
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one strategy with one format.

    :param wrong: messages that are missing, or arrived but should not have, as JSON.
    """

    strategy: str
    format: str
    sent: int
    arrived: int
    requests: int
    bytes_per_event: float
    milliseconds: float
    wrong: tuple[str, ...]


def run(collector: Collector) -> Iterator[Row]:
    """Yield a row for each combination once it is done."""
    for strategy, make_consumer in STRATEGIES.items():
        for form in FORMATS:
            collector.clear()
            sent = ROUNDS * len(CALLS)
            begin = time.perf_counter()
            with TemporaryDirectory(prefix="growingio-") as folder:
                consumer = make_consumer(collector.url, parser_of(form), folder)
                with GrowingTracker.consumer(consumer) as tracker:
                    for call in CALLS * ROUNDS:
                        call.make(tracker)
                _wait_for(collector, sent)
            elapsed_s = time.perf_counter() - begin
            yield _row(collector, strategy, form, sent, elapsed_s)


def _wait_for(collector: Collector, count: int) -> None:
    try:
        collector.wait(count, timeout=_WAIT_S)
    except WaitTimeoutError:
        return  # the row shows what is missing


def _row(collector: Collector, strategy: str, form: str, sent: int, elapsed_s: float) -> Row:
    events, requests = collector.events(), collector.requests()
    return Row(
        strategy,
        form,
        sent,
        len(events),
        len(requests),
        sum(len(request.body) for request in requests) / max(1, len(events)),
        elapsed_s * 1000,
        _differences(events, as_text=form == "protobuf"),
    )


def _differences(events: list[Event], *, as_text: bool) -> tuple[str, ...]:
    expected = Counter(_canonical(_expected(call.expected, as_text)) for call in CALLS * ROUNDS)
    arrived = Counter(_canonical(_stripped(event)) for event in events)
    missing = [f"missing: {message}" for message in (expected - arrived).elements()]
    return (*missing, *(f"unexpected: {message}" for message in (arrived - expected).elements()))


def _expected(message: Mapping[str, Any], as_text: bool) -> dict[str, Any]:
    added: dict[str, Any] = {"projectKey": _PROJECT, "dataSourceId": _DATA_SOURCE}
    if "eventType" in message:
        added |= {"sdkVersion": VERSION, "platform": "python"}
    if as_text and "attributes" in message:
        texts = {key: text(value) for key, value in message["attributes"].items()}
        return {**message, **added, "attributes": texts}
    return {**message, **added}


def _stripped(event: Event) -> dict[str, Any]:
    """Return the message without the time of the call, which always differs."""
    message = dict(event.message or {"unreadable": event.verdict})
    if "sendTime" not in message:
        message.pop("timestamp", None)
    return message


def _canonical(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message, order="deterministic").decode()


_TIME: Final = 1_700_000_000_123


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and its message as the JSON format sends it, without what the tracker adds."""

    make: Callable[[GrowingTracker], None]
    expected: Mapping[str, Any]


def _custom(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "test", login_user_id="cpacm", login_user_key="email", attributes=_GIVEN
    )


def _user(tracker: GrowingTracker) -> None:
    tracker.track_user(login_user_id="user", login_user_key="email", attributes=_GIVEN)


def _item(tracker: GrowingTracker) -> None:
    tracker.submit_item("item_key", "item_name", item_attrs={"attr": "item"})


def _built(tracker: GrowingTracker) -> None:
    tracker.track(
        CustomEventMessage.EventBuilder()
        .set_event_name("tracker_consumer")
        .set_attributes({"num": 3})
        .set_anonymous_id("python")
        .build()
    )


def _dated(tracker: GrowingTracker) -> None:
    tracker.track_custom_event("加入购物车", _TIME, "设备-1", attributes={"商品": "苹果🍎"})


def _typed(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "types",
        anonymous_id="python",
        attributes={"int": 3, "float": 1.5, "bool": True, "none": None, "map": {"城市": "上海"}},
    )


def _about_an_item(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "order_paid",
        login_user_id="user",
        item=ResourceItem("product", "1001"),
        preset={"app_version": "1.2.3", "language": "zh-CN"},
    )


def _without_user(tracker: GrowingTracker) -> None:
    tracker.track_custom_event("nightly_job", login_user_key="$notuser")


def _mapping(tracker: GrowingTracker) -> None:
    tracker.track_user_mapping({"phone": "13800000000", "email": "user@shop.example"})


_GIVEN: Final = {"name": "cpacm", "age": "100", "education": ["本科", "硕士"]}
_EDUCATED: Final = {**_GIVEN, "education": "本科||硕士"}


def _event(call: Callable[[GrowingTracker], None], name: str, **expected: Any) -> Call:
    return Call(call, {"eventType": "CUSTOM", "eventName": name, **expected})


CALLS: Final = (
    _event(_custom, "test", userId="cpacm", userKey="email", attributes=_EDUCATED),
    Call(
        _user,
        {
            "eventType": "LOGIN_USER_ATTRIBUTES",
            "userId": "user",
            "userKey": "email",
            "attributes": _EDUCATED,
        },
    ),
    Call(_item, {"key": "item_key", "id": "item_name", "attributes": {"attr": "item"}}),
    _event(_built, "tracker_consumer", deviceId="python", attributes={"num": 3}),
    _event(
        _dated,
        "加入购物车",
        deviceId="设备-1",
        timestamp=_TIME,
        sendTime=_TIME,
        attributes={"商品": "苹果🍎"},
    ),
    _event(
        _typed,
        "types",
        deviceId="python",
        attributes={"int": 3, "float": 1.5, "bool": True, "map": '{"城市":"上海"}'},
    ),
    _event(
        _about_an_item,
        "order_paid",
        userId="user",
        resourceItem={"key": "product", "id": "1001"},
        appVersion="1.2.3",
        language="zh-CN",
    ),
    _event(_without_user, "nightly_job", userKey="$notuser"),
    Call(_mapping, {"identifies": {"phone": "13800000000", "email": "user@shop.example"}}),
)
