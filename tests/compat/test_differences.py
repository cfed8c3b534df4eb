"""A3: each deliberate difference to 1.0.5 has a line in docs/migrating.md and a test that says it.

The docstrings of the tests below are the lines of the guide.
"""
# ruff: noqa: E501 - a line of the guide is one line

from __future__ import annotations

import importlib.util
import io
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

import growingio_tracker as gio
from delivering.servers import Server
from growingio_tracker.delivery.formats import DataParser
from growingio_tracker.testing import MemoryTransport
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request, Response

HOST = "http://collect.example"
GUIDE = Path(__file__).parents[2] / "docs" / "migrating.md"

Track = Callable[[gio.GrowingTracker], object]


def requests(track: Track, parser: DataParser | None = None, host: str = HOST) -> list[Request]:
    """Return what a call sends at once."""
    transport = MemoryTransport()
    track(
        gio.GrowingTracker.consumer(
            gio.DefaultConsumer("p", "d", host, parser, transport=transport)
        )
    )
    return transport.requests


def sent(track: Track) -> dict[str, Any]:
    """Return the one message that a call sends."""
    [request] = requests(track)
    [message] = msgspec.json.decode(request.body)
    return dict(message)


def attribute(value: object) -> object:
    """Return what an attribute's value is sent as; None when it is left out."""
    message = sent(lambda t: t.track_custom_event("e", anonymous_id="a", attributes={"k": value}))
    return message.get("attributes", {}).get("k")


def protobuf_attribute(value: object) -> bytes:
    """Return the protobuf body of an event with one attribute."""
    [request] = requests(
        lambda t: t.track_custom_event("e", anonymous_id="a", attributes={"k": value}),
        ProtobufParser(),
    )
    return request.body


def assert_refused(track: Track, words: str) -> None:
    with pytest.raises(gio.GrowingParamException, match=re.escape(words)):
        requests(track)


def test_no_id() -> None:
    """An event with neither `anonymous_id` nor `login_user_id` is rejected, unless `login_user_key`
    is `$notuser`."""
    assert_refused(lambda t: t.track_custom_event("e"), "anonymous_id and login_user_id")
    assert sent(lambda t: t.track_custom_event("e", login_user_key="$notuser"))


def test_key_without_id() -> None:
    """A `login_user_key` without a `login_user_id` is rejected."""
    assert_refused(lambda t: t.track_user(login_user_key="email"), "login_user_key")


def test_empty_names() -> None:
    """An empty event name, item key or item id is rejected."""
    assert_refused(lambda t: t.track_custom_event("", anonymous_id="a"), "event_name")
    assert_refused(lambda t: t.submit_item("", "i"), "item_key")
    assert_refused(lambda t: t.submit_item("k", ""), "item_id")


def test_attributes_that_are_none() -> None:
    """Attributes that are not a mapping, or have a key that is not a non-empty str, are
    rejected."""
    for wrong in ([("k", 1)], {1: "v"}, {"": "v"}):
        assert_refused(
            lambda t, a=wrong: t.track_custom_event("e", anonymous_id="a", attributes=a),  # type: ignore[misc]
            "attributes",
        )


def test_seconds() -> None:
    """An `event_time` that looks like seconds or microseconds is rejected, and the message contains
    the corrected number."""
    for wrong in (1_700_000_000, 1_700_000_000_000_000):
        assert_refused(
            lambda t, time=wrong: t.track_custom_event("e", time, "a"),  # type: ignore[misc]
            "did you mean 1700000000000?",
        )


def test_times() -> None:
    """An `event_time` may be a datetime, and a float is truncated to whole milliseconds."""
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert sent(lambda t: t.track_custom_event("e", moment, "a"))["timestamp"] == 1_700_000_000_000
    cut = sent(lambda t: t.track_custom_event("e", 1_700_000_000_123.9, "a"))  # type: ignore[arg-type]
    assert cut["timestamp"] == cut["sendTime"] == 1_700_000_000_123


@pytest.mark.parametrize("year", [1, 1970, 6000])
def test_far_times(year: int) -> None:
    """An `event_time` before March 1973 or after November 5138 is rejected, also as a datetime."""
    moment = datetime(year, 1, 1, tzinfo=timezone.utc)
    assert_refused(lambda t: t.track_custom_event("e", moment, "a"), "event_time")


def test_foreign_messages() -> None:
    """`track()` accepts messages from the builders and message classes; other objects are
    rejected."""
    assert_refused(lambda t: t.track(object()), "message must be")  # type: ignore[arg-type]


def test_copies() -> None:
    """Attribute values are copied at the call; 1.0.5 sends what the caller's dict contains when the
    batch is sent."""
    transport = MemoryTransport()
    consumer = gio.BufferedConsumer("p", "d", HOST, transport=transport)
    attributes = {"k": "at the call"}
    gio.GrowingTracker.consumer(consumer).track_custom_event(
        "e", anonymous_id="a", attributes=attributes
    )
    attributes["k"] = "later"
    consumer.flush()
    assert b"at the call" in transport.requests[0].body


def test_ids() -> None:
    """An empty id counts as missing, and an int or a UUID is sent as a string."""
    assert "deviceId" not in sent(lambda t: t.track_user("k", "u", anonymous_id=""))
    assert sent(lambda t: t.track_user("k", 42))["userId"] == "42"  # type: ignore[arg-type]
    assert sent(lambda t: t.track_user("k", UUID(int=1)))["userId"] == str(UUID(int=1))  # type: ignore[arg-type]


def test_long_events() -> None:
    """An event whose record is larger than 1 MiB is rejected."""
    long = {"k": "x" * 1024 * 1024}
    assert_refused(
        lambda t: t.track_custom_event("e", anonymous_id="a", attributes=long), "max_event_bytes"
    )


def test_hosts() -> None:
    """An invalid `server_host` is rejected when the consumer is created."""
    for host in ("", "collect.example", "ftp://collect.example", "http://u:p@collect.example"):
        with pytest.raises(gio.GrowingParamException, match="server_host"):
            gio.DefaultConsumer("p", "d", host)


def test_max_size() -> None:
    """A `max_size` out of range is rejected instead of being reduced to 2000."""
    for max_size in (0, -1, 100_001):
        with pytest.raises(gio.GrowingParamException, match="max_size"):
            gio.BufferedConsumer("p", "d", HOST, max_size=max_size)
    gio.BufferedConsumer("p", "d", HOST, max_size=2001)


def test_none() -> None:
    """An attribute whose value is `None` is left out; 1.0.5 sends null, or the string None in
    protobuf."""
    assert attribute(None) is None
    assert b"None" not in protobuf_attribute(None)


def test_joined() -> None:
    """Tuples and sets are joined with `||` like lists, and lists of items are joined, too."""
    assert attribute(("a", 1)) == attribute(["a", 1]) == "a||1"
    assert attribute({"b", "a"}) == "a||b"
    item = sent(lambda t: t.submit_item("k", "i", {"list": ["a", "b"]}))
    assert item["attributes"] == {"list": "a||b"}


def test_booleans() -> None:
    """Booleans inside lists and in protobuf are `true` and `false`; 1.0.5 sends True and False."""
    assert attribute([True, False]) == "true||false"
    assert b"true" in protobuf_attribute(True)


def test_maps() -> None:
    """A dict is sent as a string of compact JSON; 1.0.5 sends an object, or its Python repr in
    protobuf."""
    assert attribute({"a": "b", "n": 1}) == '{"a":"b","n":1}'
    assert b'{"a":"b"}' in protobuf_attribute({"a": "b"})


def test_unsendable() -> None:
    """An attribute that cannot be encoded (NaN, infinities, lone surrogates, other objects) is left
    out and reported; the event is sent."""
    problems: list[gio.Problem] = []
    transport = MemoryTransport()
    consumer = gio.DefaultConsumer("p", "d", HOST, transport=transport, on_error=problems.append)
    values: list[Any] = [float("nan"), float("inf"), "\udc80", object(), b"bytes"]
    for value in values:
        gio.GrowingTracker.consumer(consumer).track_custom_event(
            "e", anonymous_id="a", attributes={"k": value, "kept": 1}
        )
    assert all(b'"attributes":{"kept":1}' in request.body for request in transport.requests)
    assert [problem.reason for problem in problems] == ["attribute_left_out"] * len(values)
    assert consumer.stats().attributes_left_out == len(transport.requests) == len(values)


def test_utf8() -> None:
    r"""JSON bodies contain UTF-8 instead of `\u` escapes; they decode to the same values."""
    [request] = requests(lambda t: t.track_custom_event("加购", anonymous_id="a"))
    assert "加购".encode() in request.body


def test_protobuf_stm() -> None:
    """Protobuf requests carry `stm` like all others."""
    [request] = requests(lambda t: t.track_custom_event("e", anonymous_id="a"), ProtobufParser())
    assert re.search(r"\?stm=\d{13}$", request.url)


def test_slash() -> None:
    """A trailing slash on `server_host` does not double the slash in the address."""
    [request] = requests(lambda t: t.track_custom_event("e", anonymous_id="a"), host=HOST + "/")
    assert request.url.startswith(HOST + "/v3/projects/p/collect?")


def test_request_timeout() -> None:
    """`request_timeout` limits an attempt as a whole, however slowly the server responds."""
    over = threading.Event()

    def trickle(connection: socket.socket) -> bool:
        while not over.wait(0.02):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return False

    with Server(trickle) as server:
        consumer = gio.DefaultConsumer("p", "d", server.url, retry_limit=0, request_timeout=0.2)
        begin = time.monotonic()
        with pytest.raises(gio.TransportError, match="timed out"):
            gio.GrowingTracker.consumer(consumer).track_custom_event("e", anonymous_id="a")
        assert time.monotonic() - begin < 15
        over.set()


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid proxy in the environment is rejected when a consumer is created."""
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(gio.ProxyError, match="HTTP_PROXY"):
        gio.DefaultConsumer("p", "d", HOST)


def test_redirects() -> None:
    """Redirects are not followed: they count as a wrong address, and the events stay queued."""
    transport = MemoryTransport([Response(302, {"location": "http://elsewhere.example/"})])
    consumer = gio.BufferedConsumer("p", "d", HOST, max_size=1, transport=transport)
    tracker = gio.GrowingTracker.consumer(consumer)
    with pytest.raises(gio.RejectedError, match="check server_host"):
        tracker.track_custom_event("e", anonymous_id="a")
    assert consumer.stats().pending == len(transport.requests) == 1
    assert consumer.flush()


def test_packages() -> None:
    """Snappy needs cramjam or python-snappy, and protobuf needs no package."""
    code = (
        "import sys\n"
        "for name in ('cramjam', 'snappy', 'google.protobuf'): sys.modules[name] = None\n"
        "from growingio_tracker_protobuf import ProtobufParser\n"
        "from growingio_tracker_snappy import SnappyParser\n"
        "ProtobufParser()\n"
        "try: SnappyParser()\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "growingio_tracker[snappy]"' in done.stdout
    assert SnappyParser().get_headers()["X-Compress-Codec"] == "2"


@pytest.mark.parametrize("failure", [408, 425, 429, 500, 503, gio.TransportError("reset")])
def test_retries(failure: int | Exception) -> None:
    """`retry_limit` and `retry_backoff_factor` work: connection errors, time-outs, 408, 425, 429
    and 5xx are retried."""
    transport = MemoryTransport([failure, failure])
    consumer = gio.DefaultConsumer(
        "p", "d", HOST, retry_limit=2, retry_backoff_factor=0, transport=transport
    )
    gio.GrowingTracker.consumer(consumer).track_custom_event("e", anonymous_id="a")
    assert len(transport.requests) == 3
    assert consumer.stats().delivered == 1


@pytest.mark.parametrize("strategy", ["DefaultConsumer", "BufferedConsumer", "DebugConsumer"])
@pytest.mark.parametrize("status", [302, 400, 401, 404, 500])
def test_raises(strategy: str, status: int) -> None:
    """`DefaultConsumer`, `BufferedConsumer` and `DebugConsumer` raise `GrowingIOException` if
    delivery fails."""
    options: dict[str, Any] = {"transport": MemoryTransport([status]), "retry_limit": 0}
    if strategy == "BufferedConsumer":
        options["max_size"] = 1
    if strategy == "DebugConsumer":
        options["stream"] = io.StringIO()
    consumer = getattr(gio, strategy)("p", "d", HOST, **options)
    with pytest.raises(gio.GrowingIOException, match=str(status)):
        gio.GrowingTracker.consumer(consumer).track_custom_event("e", anonymous_id="a")
    consumer.close()


def test_no_repeated_batch() -> None:
    """`BufferedConsumer` never sends a delivered batch again after a later one failed."""
    transport = MemoryTransport([204, gio.TransportError("reset")])
    consumer = gio.BufferedConsumer("p", "d", HOST, max_size=1, retry_limit=0, transport=transport)
    tracker = gio.GrowingTracker.consumer(consumer)
    tracker.track_custom_event("first", anonymous_id="a")
    with pytest.raises(gio.TransportError):
        tracker.track_custom_event("second", anonymous_id="a")
    consumer.flush()
    assert [b"first" in request.body for request in transport.requests] == [True, False, False]


def test_items_wait_too() -> None:
    """An item does not flush the queued events of `AsyncBufferedConsumer`: items are batched by the
    same two rules."""
    transport = MemoryTransport()
    consumer = gio.AsyncBufferedConsumer("p", "d", HOST, None, 600, 2, transport=transport)
    with gio.GrowingTracker.consumer(consumer) as tracker:
        tracker.track_custom_event("e", anonymous_id="a")
        tracker.submit_item("k", "1")
        tracker.submit_item("k", "2")
        tracker.track_custom_event("e", anonymous_id="a")
        assert tracker.flush(10)
    assert sorted(len(msgspec.json.decode(request.body)) for request in transport.requests) == [
        2,
        2,
    ]


def test_stop() -> None:
    """`stop()` delivers queued events and returns within `close_timeout_s`; events tracked
    afterwards are dropped and counted."""
    transport = MemoryTransport()
    consumer = gio.AsyncBufferedConsumer("p", "d", HOST, None, 600, transport=transport)
    tracker = gio.GrowingTracker.consumer(consumer)
    tracker.track_custom_event("e", anonymous_id="a")
    consumer.stop()
    tracker.track_custom_event("late", anonymous_id="a")
    stats = consumer.stats()
    assert (stats.delivered, stats.dropped, len(transport.requests)) == (1, {"closed": 1}, 1)


def test_exit() -> None:
    """The normal end of the process delivers queued events."""
    code = (
        "import growingio_tracker as gio\n"
        "from growingio_tracker.testing import MemoryTransport\n"
        "def answer(request):\n"
        "    print(request.body.decode())\n"
        "    return Response(204)\n"
        "from growingio_wire.http import Response\n"
        "transport = MemoryTransport([answer])\n"
        f"consumer = gio.AsyncBufferedConsumer('p', 'd', {HOST!r}, None, 600, transport=transport)\n"
        "gio.GrowingTracker.consumer(consumer).track_custom_event('last', anonymous_id='a')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert '"eventName":"last"' in done.stdout


def test_bounds() -> None:
    """The queue is limited to 100,000 events and 64 MiB, and dropped events are counted."""
    assert gio.QueueLimits() == gio.QueueLimits(100_000, 64 * 1024 * 1024, "drop_new")
    consumer = gio.BufferedConsumer(
        "p",
        "d",
        HOST,
        max_size=2,
        queue=gio.QueueLimits(2),
        transport=MemoryTransport([503] * 3),
        retry_limit=0,
    )
    tracker = gio.GrowingTracker.consumer(consumer)
    for _ in range(4):
        try:
            tracker.track_custom_event("e", anonymous_id="a")
        except gio.GrowingIOException:
            continue
    assert (consumer.stats().pending, consumer.stats().dropped) == (2, {"queue_full": 2})
    assert consumer.close()


def test_no_thread() -> None:
    """Creating an `AsyncBufferedConsumer` starts no thread; the first event does."""
    before = threading.active_count()
    consumer = gio.AsyncBufferedConsumer("p", "d", HOST, transport=MemoryTransport())
    assert threading.active_count() == before
    gio.GrowingTracker.consumer(consumer).track_custom_event("e", anonymous_id="a")
    assert threading.active_count() == before + 1
    consumer.close()


def test_debug_stream() -> None:
    """`DebugConsumer` prints different lines, to a stream of your choice."""
    stream = io.StringIO()
    consumer = gio.DebugConsumer("p", "d", HOST, transport=MemoryTransport(), stream=stream)
    gio.GrowingTracker.consumer(consumer).track_custom_event("加购", anonymous_id="a")
    assert '"eventName":"加购"' in stream.getvalue()
    assert "← 204" in stream.getvalue()


def test_gone() -> None:
    """`FlushThread`, `event_v3_pb2` and the internal attributes of 1.0.5's classes no longer
    exist."""
    assert not hasattr(
        importlib.import_module("growingio_tracker.async_buffered_consumer"), "FlushThread"
    )
    assert importlib.util.find_spec("growingio_tracker_protobuf.event_v3_pb2") is None


def test_gone_methods() -> None:
    """`AsyncBufferedConsumer.transfer_buffers` and the encoding methods of `ProtobufParser` other
    than `get_bytes` no longer exist."""
    assert not hasattr(gio.AsyncBufferedConsumer, "transfer_buffers")
    assert not hasattr(ProtobufParser, "protobuf")


def test_send_data_is_not_called() -> None:
    """The strategies do not call `post_data` and `send_data`: a subclass overrides `send`, or passes `transport=`."""

    class Own(gio.DefaultConsumer):
        def send_data(self, *_: Any, **__: Any) -> bool:
            raise AssertionError

        post_data = send_data

    transport = MemoryTransport()
    own = Own("p", "d", HOST, transport=transport)
    gio.GrowingTracker.consumer(own).track_custom_event("e", anonymous_id="a")
    assert len(transport.requests) == 1


def test_send_on_an_object() -> None:
    """A `send` assigned to a consumer object instead of its class is not called."""
    transport = MemoryTransport()
    consumer = gio.DefaultConsumer("p", "d", HOST, transport=transport)
    vars(consumer)["send"] = None
    gio.GrowingTracker.consumer(consumer).track_custom_event("e", anonymous_id="a")
    assert len(transport.requests) == 1


def test_classes() -> None:
    """`BufferedConsumer` and `AsyncBufferedConsumer` are not subclasses of `DefaultConsumer`; all
    are subclasses of `Consumer`."""
    for strategy in (gio.BufferedConsumer, gio.AsyncBufferedConsumer):
        assert issubclass(strategy, gio.Consumer)
        assert not issubclass(strategy, gio.DefaultConsumer)


def test_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate file in `REQUESTS_CA_BUNDLE` is not read; `verify_cert="path/to/ca.pem"` or `SSL_CERT_FILE` names one."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    gio.DefaultConsumer("p", "d", "https://collect.example")
    with pytest.raises(gio.GrowingParamException, match=r"no/such/file\.pem"):
        gio.DefaultConsumer("p", "d", "https://collect.example", verify_cert="/no/such/file.pem")


def test_guide_and_tests_say_the_same() -> None:
    """Every line of the guide is the docstring of a test here, and the other way round."""
    lines = set(re.findall(r"^- (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    sentences = {" ".join(str(test.__doc__).split()) for test in tests}
    sentences.discard(str(test_guide_and_tests_say_the_same.__doc__))
    assert sentences == lines
