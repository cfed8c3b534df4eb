"""Calls that release 1.0.5 and ours understand, and the requests that they become.

Run with a file name by an interpreter that has either, it writes the requests into that file.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    CustomEventMessage,
    DebugConsumer,
    DefaultConsumer,
    GrowingTracker,
    ItemMessage,
    UserLoginMessage,
)
from growingio_tracker.data_parser import JsonParser
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser

MS = 1_700_000_000_123

PARSERS: dict[str, Any] = {
    "default": lambda: None,
    "json": JsonParser,
    "snappy": SnappyParser,
    "snappy+xor": lambda: SnappyParser(True),
    "protobuf": ProtobufParser,
}
CONSUMERS: dict[str, Any] = {
    "default": lambda host, parser: DefaultConsumer("p1", "ds1", host, parser),
    "buffered": lambda host, parser: BufferedConsumer("p1", "ds1", host, parser, 3),
    "async": lambda host, parser: AsyncBufferedConsumer("p1", "ds1", host, parser, 0.2, 3),
    "debug": lambda host, parser: DebugConsumer("p1", "ds1", host, parser),
}


class Recorder(ThreadingHTTPServer):
    """Answers every POST with 204 and remembers it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        names = ("content-type", "x-compress-codec", "x-crypt-codec")
        self.server.requests.append(  # type: ignore[attr-defined]
            {
                "path": self.path,
                "headers": {name: self.headers[name] for name in names if self.headers[name]},
                "body_base64": base64.b64encode(body).decode(),
            }
        )
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def make_calls(tracker: Any) -> None:
    """Make every documented call, in every documented way."""
    rich = {"sku": "A-1", "qty": 2, "price": 15.5, "big": 2**70, "e": 1e22, "名": "张三 😀 é \x00"}
    lists = {"edu": ["本科", "硕士"], "mixed": [1, 2.5, "x", "", None], "empty": [], "none": [None]}
    tracker.track_custom_event("order_paid", MS, "dev-1", "email", "user-1", {**rich, **lists})
    tracker.track_custom_event("order_paid", MS, "dev-1", "email", "user-1", {})
    tracker.track_custom_event("visit", anonymous_id="dev-1")
    tracker.track_custom_event(
        "visit", attributes={"empty": ""}, login_user_id="u", login_user_key="k", event_time=MS
    )
    tracker.track_user("email", "user-1", "dev-1", MS, {"name": "张三 😀", "level": 3, **lists})
    tracker.track_user(login_user_id="user-1")
    tracker.submit_item("product", "1001", {"color": "red", "size": "L", "n": 1, "f": 0.1})
    tracker.submit_item("product", "1002")
    tracker.submit_item("product", "1003", {})
    tracker.track(
        CustomEventMessage.EventBuilder()
        .set_event_name("built")
        .set_event_time(MS)
        .set_anonymous_id("dev-1")
        .set_login_user("email", "user-1")
        .set_attributes({"a": 1, "b": ["x", "y"]})
        .set_attributes({"a": 2})
        .set_attributes(None)
        .add_attribute("c", [1, None])
        .build()
    )
    tracker.track(
        UserLoginMessage.UserBuilder()
        .set_login_user_key("email")
        .set_login_user_id("user-1")
        .add_attribute("tags", ["a", ""])
        .build()
    )
    # A builder each: what 1.0.5 builds shares its attributes with the builder.
    tracker.track(_item().build())
    tracker.track(_item().set_attributes({"a": "1"}).set_attributes({"b": "2"}).build())
    tracker.track(_item().add_attribute("c", "3").add_attribute("d", "4").build())
    tracker.track(ItemMessage("product", "1005", {"a": "1"}))
    tracker.track(CustomEventMessage(MS, "made", "email", "user-1", "dev-1", {"a": 1}, MS))
    tracker.track(UserLoginMessage("email", "user-1", MS, None, {"a": 1}, None))


def _item() -> Any:
    return ItemMessage.ItemBuilder().set_item_key("product").set_item_id("1004")


def record(consumer_name: str, parser_name: str) -> list[dict[str, Any]]:
    """Return the requests that the calls become with one strategy and one format."""
    server = Recorder()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    consumer = CONSUMERS[consumer_name](server.host, PARSERS[parser_name]())
    make_calls(GrowingTracker.consumer(consumer))
    if consumer_name == "async":
        consumer.stop()
    if consumer_name in ("async", "buffered"):
        # 1.0.5's stop() leaves behind what came in during its thread's last flush.
        consumer.flush()
    server.shutdown()
    server.server_close()
    return server.requests


def main() -> None:
    recorded = {
        f"{consumer}/{parser}": record(consumer, parser)
        for consumer in CONSUMERS
        for parser in PARSERS
    }
    Path(sys.argv[1]).write_text(json.dumps(recorded), "utf-8")


if __name__ == "__main__":
    main()
