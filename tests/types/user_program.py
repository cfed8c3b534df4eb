"""A program of a user who is strict about types. It is checked, never run."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from starlette.applications import Starlette

import growingio_tracker
from growingio_collector import Collector, Event
from growingio_collector.testing.fixture import CollectorFixture
from growingio_tracker import (
    VERSION,
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    CustomEventMessage,
    DataParser,
    DebugConsumer,
    DefaultConsumer,
    DurableConsumer,
    Experiment,
    ExperimentOptions,
    Fate,
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    GrowingTracker,
    ItemMessage,
    JsonParser,
    KafkaConsumer,
    MissingExtraError,
    Problem,
    ProxyError,
    QueueFullError,
    QueueLimits,
    Receipt,
    RejectedError,
    ResourceItem,
    SpoolError,
    Stats,
    TransportError,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.consumer import Consumer as OldConsumer
from growingio_tracker.data_parser import DataParser as OldDataParser
from growingio_tracker.integrations.asgi import GrowingIOMiddleware as AsgiMiddleware
from growingio_tracker.integrations.celery import connect
from growingio_tracker.integrations.django import get_tracker
from growingio_tracker.integrations.flask import GrowingIO
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.integrations.opentelemetry import instrument, uninstrument
from growingio_tracker.integrations.serverless import flush_before_return
from growingio_tracker.integrations.wsgi import GrowingIOMiddleware as WsgiMiddleware
from growingio_tracker.model import Message
from growingio_tracker.model.values import Attributes
from growingio_tracker.testing import (
    FakeClock,
    MemoryTransport,
    RecordedEvent,
    Recording,
    RecordingConsumer,
    record_everything,
)
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request, Response
from growingio_wire.table import Kind


class Plan(Enum):
    FREE = "free"


class OwnParser:
    """A parser without a base class."""

    def get_bytes(self, messages: Sequence[Any], stm: int | None = None) -> str:
        return f"{len(messages)} {stm}"

    def get_headers(self) -> dict[str, str] | None:
        return None

    def get_params(self, stm: int | None = None) -> dict[str, int | None]:
        return {"stm": stm}

    def get_timestamp(self) -> int:
        return 0


class RecordParser(DataParser):
    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        return kind.value.encode() + b"".join(records) + str(stm).encode()


class LabelledJson(JsonParser):
    def get_headers(self) -> dict[str, str]:
        return {**super().get_headers(), "x-label": "1"}

    def json(self, message: Message) -> str:
        return super().json(message)


class Printing(Consumer):
    def send(self, message: Message) -> None:
        if isinstance(message, CustomEventMessage):
            name: str | None = message.event_name
            print(name, message.attributes, message.event_type)
        self.send_data(self.endpoints["collect"], b"", {"stm": 1}, {"a": "b"})


class Passing(DefaultConsumer):
    def send(self, message: Message) -> None:
        super().send(message)


class OwnTransport:
    def exchange(self, request: Request) -> Response:
        return Response(204, dict(request.headers), request.body)

    def close(self) -> None:
        pass


def on_error(problem: Problem) -> None:
    reason: str = problem.reason
    events: int = problem.events
    print(reason, problem.detail, events)


def before_send(message: Message) -> Message | None:
    return message if message.kind is Kind.EVENT else None


def trackers() -> list[GrowingTracker]:
    host = "http://collect.test"
    limits = QueueLimits(max_events=10, max_bytes=100, overflow="block", block_s=0.5)
    consumers: list[Consumer] = [
        DefaultConsumer("p", "d", host),
        DefaultConsumer("p", "d", host, JsonParser(), 3, 5, 0.25, True),
        DefaultConsumer("p", "d", host, OwnParser(), verify_cert="ca.pem", on_error=on_error),
        BufferedConsumer("p", "d", host, SnappyParser(), 500, 3, 5, 0.25, False),
        BufferedConsumer("p", "d", host, max_size=5, queue=limits, max_batch_bytes=1000),
        AsyncBufferedConsumer("p", "d", host, SnappyParser(crypt_data=True), 10, 500, 2, 3, 0.25),
        AsyncBufferedConsumer(
            "p",
            "d",
            host,
            ProtobufParser(),
            flush_after=0.5,
            queue=limits,
            close_timeout_s=1,
            transport=OwnTransport(),
            clock=FakeClock(),
        ),
        DurableConsumer("p", "d", host, spool="spool"),
        KafkaConsumer(
            "p",
            "d",
            host,
            bootstrap_servers="kafka-1:9092",
            topic="growingio-events",
            kafka_options={"compression.type": "lz4", "linger.ms": 20},
            spool=Path("spool"),
            flush_after=1,
            on_error=print,
        ),
        DurableConsumer(
            "p",
            "d",
            host,
            ProtobufParser(),
            spool=Path("spool"),
            fsync=True,
            max_age_s=None,
            flush_after=1,
            max_size=5,
            queue=limits,
        ),
        DebugConsumer("p", "d", host, LabelledJson(), stream=io.StringIO()),
        DebugConsumer("p", "d", host, RecordParser(), transport=MemoryTransport([503, 204])),
        Printing("p", "d", host, 3, 5, 0.25, True),
        Passing("p", "d", host),
    ]
    made = [GrowingTracker.consumer(consumer) for consumer in consumers]
    made.append(GrowingTracker("p", "d", host))
    made.append(
        GrowingTracker(
            "p",
            "d",
            host,
            consumers[0],
            on_invalid="drop",
            strict=True,
            max_event_bytes=1000,
            before_send=before_send,
            redact=("phone",),
        )
    )
    return made


def calls(tracker: GrowingTracker) -> None:
    attributes: Attributes = {"name": "x", "age": 100, "tags": ["a", "b"]}
    anything: dict[str, Any] = {"name": "x", "tags": ["a", "b"]}
    texts = {"name": "x", "city": "y"}
    numbers: Mapping[str, int] = {"a": 1}
    tracker.track_custom_event("e", 1_700_000_000_123, "v", "email", "u", attributes)
    tracker.track_custom_event("e", anonymous_id="v", attributes=anything)
    tracker.track_custom_event("e", anonymous_id="v", attributes=texts)
    tracker.track_custom_event("e", datetime.now(timezone.utc), login_user_id="u")
    tracker.track_custom_event("e", anonymous_id="v", attributes=numbers)
    tracker.track_custom_event(
        "e",
        anonymous_id="v",
        attributes={
            "text": "x",
            "number": 1.5,
            "flag": True,
            "none": None,
            "decimal": Decimal(1),
            "id": UUID(int=1),
            "day": date(2024, 1, 1),
            "plan": Plan.FREE,
            "list": [1, "a", None],
            "tuple": (1, "a"),
            "set": {"a"},
            "map": {"a": 1, "b": None},
        },
        item=ResourceItem("product", "1", {"colour": "red"}),
        preset={"app_version": "1.2", "device_type": "PAD"},
    )
    tracker.track_user("email", "u", "v", None, {"vip": True})
    tracker.submit_item("product", "1", {"colour": "red"})
    tracker.track_user_mapping({"phone": "1"}, 1_700_000_000_123)
    event: CustomEventMessage = (
        CustomEventMessage.EventBuilder()
        .set_event_time(None)
        .set_login_user("email", "u")
        .set_event_name("e")
        .set_attributes(attributes)
        .add_attribute("k", [1])
        .set_resource_item("product", "1", anything)
        .set_preset("app_version", "1.2")
        .build()
    )
    user: UserLoginMessage = UserLoginMessage.UserBuilder().set_login_user_id("u").build()
    item: ItemMessage = ItemMessage.ItemBuilder().set_item_key("k").set_item_id("1").build()
    for message in (event, user, item, UserMappingMessage({"phone": "1"})):
        tracker.track(message)


def asked_at_once(tracker: GrowingTracker) -> None:
    with tracker.context(anonymous_id="v", attributes={"app": "shop"}):
        receipts = [tracker.track_custom_event("e"), tracker.track_user(login_user_id="u")]
    fates: list[Fate] = [one.wait() for one in receipts]
    reasons: list[str | None] = [one.reason for one in fates if not one.delivered]
    print(reasons)


async def asked_later(tracker: GrowingTracker) -> None:
    receipt: Receipt = tracker.track_custom_event("e", anonymous_id="v")
    fate: Fate = receipt.wait(timeout=1.5)
    print(fate.status, fate.reason, (await receipt).delivered, receipt.fate == fate)
    async with tracker.bind(login_user_id="u", attributes={"app": "shop"}) as bound:
        with bound.context(anonymous_id="v", login_user_key="email"):
            bound.track_custom_event("e")
        flushed: bool = await bound.aflush(1.5)
        closed: bool = await bound.aclose()
        print(flushed, closed)


def user_of(scope: Mapping[str, Any]) -> str | None:
    return "u" if "user" in scope else None


def integrated(tracker: GrowingTracker) -> None:
    starlette, flask = Starlette(), Flask("shop")
    starlette.add_middleware(AsgiMiddleware, tracker=tracker, cookie="v", user=user_of)
    app = AsgiMiddleware(starlette, tracker, header="x-v", track_requests="request")
    extension = GrowingIO(flask, user=lambda: 7)
    extension.tracker.track_custom_event("e")
    get_tracker().bind(login_user_id=lambda: "u").track_custom_event("e")
    wsgi = WsgiMiddleware(flask.wsgi_app, tracker, user=user_of, user_key="phone")
    connect(tracker)
    handler = EventHandler(tracker, "log", "ERROR", lambda record: record.levelno > 40)
    logging.getLogger().addHandler(handler)
    with tracker.context(login_user_id=lambda: None):
        print(app, wsgi, function({"a": "b"}, None).upper())


@flush_before_return(GrowingTracker.from_env(), reserve_s=0.1, timeout_s=1)
def function(event: dict[str, str], context: object) -> str:
    return event["a"]


async def experiments(tracker: GrowingTracker) -> None:
    options = ExperimentOptions(
        "http://ab.test", timeout_s=1, cache_s=0, cache_size=10, verify_cert="ca.pem"
    )
    asking = GrowingTracker("p", "d", "http://collect.test", experiments=options)
    experiment: Experiment = asking.experiment("1", "visitor", new_device=True)
    colour: str = experiment.variables.get("colour", "red")
    other: Experiment = await tracker.aexperiment(2, "visitor")
    failed: int = tracker.stats().experiments_failed
    print(colour, other.hit, other.experiment_id, other.strategy_name, failed)
    with Collector() as collector:
        collector.experiments.set("1", {"experimentId": 1, "variables": {"colour": "red"}})


def configured() -> list[GrowingTracker]:
    return [
        GrowingTracker.from_env(),
        GrowingTracker.from_env({"GROWINGIO_STRATEGY": "async"}),
        GrowingTracker.from_file(Path("growingio.toml"), {}),
    ]


def life(tracker: GrowingTracker, parser: OldDataParser, consumer: OldConsumer) -> None:
    try:
        with tracker:
            calls(tracker)
            flushed: bool = tracker.flush(1.5)
        closed: bool = tracker.close() and consumer.close(0.5)
        consumer.stop()
        healthy: bool = tracker.healthy(within_s=5) and consumer.healthy()
    except (GrowingParamException, ValueError) as error:
        print(error)
    except RejectedError as error:
        status: int = error.status
        body: str = error.body
        print(status, body)
    except (TransportError, ProxyError, QueueFullError, SpoolError, MissingExtraError) as error:
        print(error)
    except (GrowingIOException, GrowingError) as error:
        print(error)
    else:
        print(flushed, closed, healthy, parser.get_params(stm=1)["stm"], VERSION)
    stats: Stats = tracker.stats()
    dropped: Mapping[str, int] = stats.dropped
    age: float | None = stats.last_success_age_s
    print(stats.accepted, dropped.get("queue_full", 0), stats.rejected, age, stats.last_error)
    print(growingio_tracker.__version__.upper())


def fixture(growingio_collector: CollectorFixture) -> None:
    paid: Event = growingio_collector.wait_for("pay", user="u1", 金额=3)
    both: list[Event] = growingio_collector.wait_for("pay", count=2, timeout=1.5)
    seen: list[Event] = growingio_collector.events(verdict="ok", attributes={"user": "u1"})
    growingio_collector.fail_next(2, status=503, delay_ms=10)
    growingio_collector.assert_plan(Path("plan.yaml"))
    print(paid.attributes["金额"], both, seen, growingio_collector.url)


def test_recorded(growingio_events: Recording) -> None:
    """A test with the fixture, and one without pytest."""
    consumer = RecordingConsumer()
    tracker = GrowingTracker.consumer(consumer)
    instrument(tracker)
    uninstrument(tracker)
    with record_everything() as events:
        tracker.track_custom_event("pay", login_user_id="u1", attributes={"sku": "A-1"})
    found: tuple[RecordedEvent, ...] = events.assert_tracked("pay", count=1, sku="A-1")
    sku: object = found[0].attributes["sku"]
    print(sku, found[0].kind, found[0].time_ms, found[0].message, consumer.events)
    growingio_events.assert_nothing_tracked()
    growingio_events.clear()
