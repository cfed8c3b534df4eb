# -*- coding: utf-8 -*-
"""Makes the calls of the JSON files beside it, and compares what arrives with what they expect.

Both lines of the SDK run it, on Python 2.7 and on every Python 3, so it uses the standard library
only. As a program it checks the ``growingio_tracker`` that can be imported, and exits with 1 when
something differs. The test suites import it and ask :func:`difference` case by case.
"""

from __future__ import print_function, unicode_literals

import glob
import io
import json
import os
import struct
import sys
import threading
import time

import growingio_tracker
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser

if sys.version_info[0] == 2:
    from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer
    from SocketServer import ThreadingMixIn
else:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from socketserver import ThreadingMixIn

HERE = os.path.dirname(os.path.abspath(__file__))

PARSERS = {
    "default": lambda: None,
    "json": growingio_tracker.JsonParser,
    "snappy": SnappyParser,
    "snappy+xor": lambda: SnappyParser(True),
    "protobuf": ProtobufParser,
}

# Field number: JSON key and type, as the collect protocol has them.
EVENT_FIELDS = {
    1: ("deviceId", "text"), 2: ("userId", "text"), 5: ("dataSourceId", "text"),
    6: ("eventType", "event type"), 7: ("platform", "text"), 8: ("timestamp", "number"),
    19: ("sdkVersion", "text"), 22: ("eventName", "text"), 24: ("attributes", "map"),
    53: ("projectKey", "text"), 54: ("sendTime", "number"), 55: ("userKey", "text"),
}
ITEM_FIELDS = {
    1: ("id", "text"), 2: ("key", "text"), 3: ("attributes", "map"),
    4: ("dataSourceId", "text"), 5: ("projectKey", "text"),
}
EVENT_TYPES = {1: "CUSTOM", 3: "LOGIN_USER_ATTRIBUTES"}


class Sink(ThreadingMixIn, HTTPServer):
    """Listens on a free port, keeps every request as (path, headers, body), and answers.

    :param statuses: answered in this order, and then 204 for ever.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100

    def __init__(self, statuses=()):
        HTTPServer.__init__(self, ("127.0.0.1", 0), _Handler)
        self.requests = []
        self.statuses = list(statuses)
        self.lock = threading.Lock()
        self._serving = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._serving.daemon = True

    @property
    def url(self):
        return str("http://127.0.0.1:%d" % self.server_address[1])

    def messages(self):
        """Return all messages that were accepted, in the order of their arrival."""
        return [one for request in list(self.requests) for one in decoded(*request)]

    def wait(self, count, seconds=30):
        """Return all messages as soon as there are ``count``, or after that time."""
        until = time.time() + seconds
        while len(self.messages()) < count and time.time() < until:
            time.sleep(0.01)
        return self.messages()

    def __enter__(self):
        self._serving.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing: clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = str("HTTP/1.1")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = dict((name.lower(), value) for name, value in self.headers.items())
        with self.server.lock:
            status = self.server.statuses.pop(0) if self.server.statuses else 204
            if status < 300:
                self.server.requests.append((self.path, headers, body))
        self.send_response(status)
        if status != 204:
            self.send_header(str("Content-Length"), str("0"))
        self.end_headers()

    def log_message(self, *_):
        pass


def decoded(path, headers, body):
    """Return the messages of a request, with the names and types that JSON has for them."""
    address, _, stm = path.partition("?stm=")
    if headers.get("x-crypt-codec") == "1":
        body = bytes(bytearray(byte ^ (int(stm) & 0xFF) for byte in bytearray(body)))
    if headers.get("x-compress-codec") == "2":
        body = _unsnapped(bytearray(body))
    if headers["content-type"] == "application/json":
        return json.loads(body.decode("utf-8"))
    is_item = address.endswith("/item")
    fields = ITEM_FIELDS if is_item else EVENT_FIELDS
    return [_message(content, fields) for number, content in _pairs(bytearray(body))
            if number == (2 if is_item else 1)]


def _message(content, fields):
    message = {}
    for number, value in _pairs(content):
        key, how = fields[number]
        if how == "map":
            entry = dict(_pairs(value))
            message.setdefault(key, {})[_utf8(entry[1])] = _utf8(entry[2])
        elif how == "event type":
            message[key] = EVENT_TYPES[value]
        else:
            message[key] = value if how == "number" else _utf8(value)
    return message


def _utf8(content):
    return bytes(content).decode("utf-8")


def _pairs(data):
    """Return (field number, value) of a protobuf message: an int, or the content of a field."""
    found, at = [], 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        elif tag & 7 != 0:
            raise ValueError("wire type %d is not expected here" % (tag & 7))
        found.append((tag >> 3, value))
    return found


def _varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def _unsnapped(data):
    """Return the content of one raw snappy block."""
    length, at = _varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag, at = data[at], at + 1
        if tag & 3 == 0:
            size, extra = tag >> 2, max(0, (tag >> 2) - 59)
            if extra:
                size = _little_endian(data[at:at + extra])
            at += extra
            out += data[at:at + size + 1]
            at += size + 1
            continue
        width = {1: 1, 2: 2, 3: 4}[tag & 3]
        offset = _little_endian(data[at:at + width])
        size = (tag >> 2) + 1
        if width == 1:
            offset, size = offset | tag >> 5 << 8, (tag >> 2 & 7) + 4
        at += width
        for _ in range(size):
            out.append(out[-offset])
    if len(out) != length:
        raise ValueError("the snappy block does not have its length")
    return bytes(out)


def _little_endian(data):
    return struct.unpack(str("<I"), bytes(data) + b"\0" * (4 - len(data)))[0]


def cases():
    """Return all cases of the files here, in order."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.json"))):
        with io.open(path, encoding="utf-8") as file:
            found += json.load(file)["cases"]
    return found


def difference(case, parser):
    """Return "" if ``case`` does what it says with that format, and else what is different."""
    with Sink() as sink:
        consumer_class = getattr(growingio_tracker, case.get("consumer", "DefaultConsumer"))
        options = {str("max_size"): case["max_size"]} if "max_size" in case else {}
        consumer = consumer_class("prod1", "ds1", sink.url + "/", PARSERS[parser](), **options)
        tracker = growingio_tracker.GrowingTracker.consumer(consumer)
        begun = int(time.time() * 1000)
        try:
            for call in case["calls"]:
                _make_call(tracker, call)
            refusal = ""
        except growingio_tracker.GrowingParamException as error:
            refusal = "%s" % error
        for end in ("flush", "stop"):
            getattr(consumer, end, lambda: None)()
        now = (begun, int(time.time() * 1000))
        return _compared(case, parser, sink.requests, refusal, now)


def _make_call(tracker, call):
    if call[0] != "track":
        positional, keywords = (call[1:] + [{}])[:2]
        keywords = dict((str(name), value) for name, value in keywords.items())
        getattr(tracker, call[0])(*positional, **keywords)
        return
    _, message_class, builder_class, setters = call
    builder = getattr(getattr(growingio_tracker, message_class), builder_class)()
    for setter in setters:
        getattr(builder, setter[0])(*setter[1:])
    tracker.track(builder.build())


def _compared(case, parser, requests, refusal, now):
    expected_refusal = case.get("refused", "")
    if bool(refusal) != bool(expected_refusal) or expected_refusal not in refusal:
        return "refused with %r, expected %r" % (refusal, expected_refusal)
    expected = [(path, [_expected(one, parser) for one in messages])
                for path, messages in case.get("requests", [])]
    found = [(path.partition("?")[0], decoded(path, headers, body))
             for path, headers, body in requests]
    for _, messages in found:
        for message in messages:
            _check_own_values(message, now)
    for path, headers, _ in requests:
        stm = path.partition("?stm=")[2]
        if not (stm.isdigit() and now[0] <= int(stm) <= now[1]):
            return "stm is wrong in %s" % path
        if _codecs(headers) != _expected_codecs(parser):
            return "the headers are %r" % headers
    return "" if found == expected else "arrived:\n%r\nexpected:\n%r" % (found, expected)


def _check_own_values(message, now):
    """Replace what differs from call to call by what the files say for it."""
    if "eventType" in message and message.get("sdkVersion") == growingio_tracker.VERSION:
        del message["sdkVersion"]
    elif "eventType" in message:
        message["sdkVersion"] = "missing, or of another release"
    if now[0] <= message.get("timestamp", 0) <= now[1]:
        message["timestamp"] = "now"


def _expected(message, parser):
    if parser != "protobuf" or "attributes" not in message:
        return message
    attributes = message["attributes"].items()
    return dict(message, attributes=dict((key, _text(value)) for key, value in attributes))


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else "%s" % value


def _codecs(headers):
    names = ("content-type", "x-compress-codec", "x-crypt-codec")
    return [headers.get(name) for name in names]


def _expected_codecs(parser):
    if parser == "protobuf":
        return ["application/protobuf", None, None]
    is_xored = parser == "snappy+xor" and not is_without_crypt()
    return ["application/json", "2" if parser.startswith("snappy") else None,
            "1" if is_xored else None]


def is_without_crypt():
    """Return whether ``crypt_data`` does nothing here, as documented for Python 2."""
    return sys.version_info[0] == 2


def main():
    differences = 0
    for case in cases():
        for parser in sorted(PARSERS):
            found = difference(case, parser)
            if found:
                differences += 1
                print("%s (%s): %s" % (case["name"], parser, found))
    print("growingio_tracker %s on Python %s: %d cases in %d formats, %d differences" % (
        growingio_tracker.VERSION, sys.version.split()[0], len(cases()), len(PARSERS), differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
