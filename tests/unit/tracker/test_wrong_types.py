"""Options of a wrong type, in every public constructor."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import growingio_tracker as gio
from growingio_tracker import bulk
from growingio_tracker.consumers.options import ConsumerKeywords, QueueKeywords
from growingio_tracker.consumers.tracker_options import TrackerKeywords
from growingio_tracker.integrations.asgi import GrowingIOMiddleware as AsgiMiddleware
from growingio_tracker.integrations.celery import connect
from growingio_tracker.integrations.flask import GrowingIO
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.integrations.opentelemetry import instrument
from growingio_tracker.integrations.request_binding import RequestOptions
from growingio_tracker.integrations.serverless import flush_before_return
from growingio_tracker.integrations.wsgi import GrowingIOMiddleware as WsgiMiddleware
from growingio_tracker.testing import MemoryTransport, RecordingConsumer
from growingio_tracker_snappy import SnappyParser

IDS: dict[str, Any] = {
    "product_id": "p",
    "data_source_id": "d",
    "server_host": "http://collect.example",
}
NOTHING: dict[str, Any] = {}
TRACKER = gio.GrowingTracker.consumer(RecordingConsumer())


def app(*_: object) -> None:
    """Stand in for an application."""


class Subject(NamedTuple):
    """A constructor or function, what else it needs, and the keywords behind its ``**options``."""

    make: Callable[..., object]
    needs: Mapping[str, Any]
    keywords: type | None = None
    besides: tuple[str, ...] = ()
    """Parameters whose types only the framework knows."""


SUBJECTS = {
    "GrowingTracker": Subject(gio.GrowingTracker, IDS, TrackerKeywords),
    "GrowingTracker.consumer": Subject(
        gio.GrowingTracker.consumer, {"consumer": RecordingConsumer()}, TrackerKeywords
    ),
    "Consumer": Subject(gio.Consumer, IDS, ConsumerKeywords),
    "DefaultConsumer": Subject(gio.DefaultConsumer, IDS, ConsumerKeywords),
    "DebugConsumer": Subject(gio.DebugConsumer, IDS, ConsumerKeywords),
    "BufferedConsumer": Subject(gio.BufferedConsumer, IDS, QueueKeywords),
    "AsyncBufferedConsumer": Subject(gio.AsyncBufferedConsumer, IDS, QueueKeywords),
    "DurableConsumer": Subject(gio.DurableConsumer, {**IDS, "spool": Path()}, QueueKeywords),
    "KafkaConsumer": Subject(
        gio.KafkaConsumer,
        {**IDS, "bootstrap_servers": "127.0.0.1:9", "topic": "t"},
        QueueKeywords,
    ),
    "RecordingConsumer": Subject(RecordingConsumer, NOTHING),
    "QueueLimits": Subject(gio.QueueLimits, NOTHING),
    "ExperimentOptions": Subject(gio.ExperimentOptions, NOTHING),
    "SnappyParser": Subject(SnappyParser, NOTHING),
    "wsgi": Subject(WsgiMiddleware, {"app": app, "tracker": TRACKER}, RequestOptions, ("app",)),
    "asgi": Subject(AsgiMiddleware, {"app": app, "tracker": TRACKER}, RequestOptions, ("app",)),
    "flask": Subject(GrowingIO, NOTHING, None, ("app",)),
    "logging": Subject(EventHandler, {"tracker": TRACKER}, None, ("level",)),
    "celery": Subject(connect, {"tracker": TRACKER}),
    "opentelemetry": Subject(instrument, {"tracker": TRACKER}),
    "serverless": Subject(flush_before_return, {"tracker": TRACKER}),
    "import_rows": Subject(bulk.import_rows, {"rows": (), "consumer": RecordingConsumer()}),
    "import_files": Subject(bulk.import_files, {"paths": (), "consumer": RecordingConsumer()}),
    "FileOptions": Subject(bulk.FileOptions, NOTHING),
    "RowMapping": Subject(bulk.RowMapping, NOTHING),
    "Source": Subject(bulk.Source, NOTHING),
    "Query": Subject(bulk.Query, {"sql": "select 1", "dsn": "sqlite://"}),
}


def options_of(subject: Subject) -> list[str]:
    parameters = inspect.signature(subject.make).parameters.values()
    named = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    keywords = [] if subject.keywords is None else list(subject.keywords.__annotations__)
    return [name for name in (*named, *keywords) if name not in subject.besides]


CASES = [(name, option) for name, subject in SUBJECTS.items() for option in options_of(subject)]


@pytest.mark.parametrize(("name", "option"), CASES, ids=map(".".join, CASES))
def test_wrong_type(name: str, option: str) -> None:
    """An option of a wrong type is refused by its name, whichever it is."""
    subject = SUBJECTS[name]
    with pytest.raises(gio.GrowingParamException) as raised:
        subject.make(**{**subject.needs, option: object()})
    assert raised.value.argument == option
    assert option in str(raised.value)
    assert str(raised.value).endswith(("got object", "got `object`"))


@pytest.mark.parametrize("timeout", ["5", True, float("nan"), object()])
@pytest.mark.parametrize(
    "strategy", [gio.DefaultConsumer, gio.BufferedConsumer, gio.AsyncBufferedConsumer]
)
def test_timeouts(strategy: Callable[..., gio.Consumer], timeout: Any) -> None:
    """A time-out that is no number of seconds is refused, and the call can be made again."""
    with strategy(**IDS, transport=MemoryTransport()) as consumer:
        tracker = gio.GrowingTracker.consumer(consumer)
        receipt = tracker.track_custom_event("a", anonymous_id="x")
        calls: list[Callable[[], object]] = [
            lambda: receipt.wait(timeout),
            lambda: tracker.flush(timeout),
            lambda: tracker.close(timeout),
            lambda: asyncio.run(tracker.aflush(timeout)),
            lambda: asyncio.run(tracker.aclose(timeout)),
        ]
        for call in calls:
            with pytest.raises(gio.GrowingParamException) as raised:
                call()
            assert raised.value.argument == "timeout"
        with pytest.raises(gio.GrowingParamException, match="within_s"):
            tracker.healthy(timeout)
        assert receipt.wait(10**400).delivered
        assert tracker.flush(float("inf"))
        assert tracker.close(-1)


# What resembles the right type, by the type that is right.
RESEMBLING: dict[str, list[object]] = {
    "an int": [True, 1.0, "1", None],
    "a number of seconds": [True, "1", float("nan"), float("inf")],
    "a non-empty str": [1, b"p", None],
    "a bool": [0, 1, "true", None],
    "one of": [1, None, "nonsense"],
    "a collection of non-empty names": ["phone", b"phone", [1], [""], None],
    "true, false": [1, 0, None, "nowhere.pem"],
    "the path": [1, None, b"spool", ""],
}
AS_WORDED = [
    ("retry_limit", "an int"),
    ("max_size", "an int"),
    ("max_batch_bytes", "an int"),
    ("workers", "an int"),
    ("flush_after", "a number of seconds"),
    ("request_timeout", "a number of seconds"),
    ("retry_backoff_factor", "a number of seconds"),
    ("close_timeout_s", "a number of seconds"),
    ("max_age_s", "a number of seconds"),
    ("product_id", "a non-empty str"),
    ("data_source_id", "a non-empty str"),
    ("fsync", "a bool"),
    ("strict", "a bool"),
    ("on_invalid", "one of"),
    ("redact", "a collection of non-empty names"),
    ("verify_cert", "true, false"),
    ("spool", "the path"),
]


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option, words in AS_WORDED for value in RESEMBLING[words]],
)
def test_resembling_type(option: str, value: object) -> None:
    """So is one that only resembles the right type."""
    if option in options_of(SUBJECTS["GrowingTracker"]):
        subject = SUBJECTS["GrowingTracker"]
    else:
        subject = SUBJECTS["AsyncBufferedConsumer" if option == "workers" else "DurableConsumer"]
    with pytest.raises(gio.GrowingParamException) as raised:
        subject.make(**{**subject.needs, option: value})
    assert raised.value.argument == option
    assert raised.value.code in ("wrong_type", "out_of_range", "unusable")


def test_ids_are_not_shown() -> None:
    """What may be an id is not repeated by a refusal."""
    with pytest.raises(gio.GrowingParamException) as raised:
        gio.GrowingTracker(1234567, "d", "http://collect.example")  # type: ignore[arg-type]
    assert "1234567" not in str(raised.value)


def test_level_of_a_handler() -> None:
    """The level of a handler is checked by logging itself."""
    with pytest.raises(TypeError):
        EventHandler(TRACKER, level=object())  # type: ignore[arg-type]
    assert EventHandler(TRACKER).level == logging.WARNING
