# -*- coding: utf-8 -*-
"""Documented names, parameters and defaults, bad arguments, Python 2's str, and TLS."""

from __future__ import unicode_literals

import importlib
import inspect
import io
import json
import os
import ssl
import subprocess
import sys
import unittest
import warnings

import growingio_tracker as gio
import run
from growingio_tracker_snappy import SnappyParser

RELEASE_1_0_5 = os.path.join(os.path.dirname(run.HERE), "data", "api-1.0.5.json")

# 1.0.5's inner parts, which nothing documents.
NOT_KEPT = ("FlushThread", "transfer_buffers", "ProtobufParser.get_type", "ProtobufParser.protobuf",
            "parser.VERSION", "CONNECTOR")

arguments_of = getattr(inspect, "getfullargspec", None) or inspect.getargspec


def parameters(function):
    """Return [name, default as text] of each parameter, and [name] of one without."""
    found = arguments_of(function)
    defaults = [[repr(default)] for default in found.defaults or ()]
    defaults = [[]] * (len(found.args) - len(defaults)) + defaults
    pairs = [[name] + default for name, default in zip(found.args, defaults)]
    return pairs[1:] if pairs and pairs[0] == ["self"] else pairs


def found_at(path):
    """Return what stands at a dotted path of modules, classes and methods."""
    module, rest = path, []
    while True:
        try:
            found = importlib.import_module(module)
            break
        except ImportError:
            module, _, last = module.rpartition(".")
            rest.insert(0, last)
    for name in rest:
        found = getattr(found, name)
    return found


class Api(unittest.TestCase):
    def test_release_1_0_5(self):
        """Every class, method, parameter, position and default of 1.0.5 is there."""
        with io.open(RELEASE_1_0_5, encoding="utf-8") as file:
            release = json.load(file)
        for path in sorted(release):
            if any(name in path for name in NOT_KEPT):
                continue
            found = found_at(path)
            if inspect.isclass(found) and "__init__" in dir(found) and release[path]:
                found = found.__init__
            if release[path]:
                own = parameters(found)[:len(release[path])]
                self.assertEqual(own, release[path], path)

    def test_bad_arguments(self):
        """A constructor names the argument that cannot be used, in a GrowingParamException."""
        good = {"product_id": "p", "data_source_id": "d", "server_host": "http://h"}
        bad = {
            "product_id": (None, "", 5), "data_source_id": (None, "", 5),
            "server_host": (None, "", "h", "ftp://h", "http://", "http://h h", "http://h?q",
                            "http://user:secret@h", "http://h:port", "http://h/a\n",
                            "http://é",
                            "http://\u212a"),
            "retry_limit": (-1, 1.5, None, True), "request_timeout": (-1, "5", None),
            "retry_backoff_factor": (-0.1, "x", float("nan"), float("inf")),
            "max_size": (0, -1, 100001, 1.5, None), "flush_after": (-1, None, "10"),
        }
        for name in bad:
            for value in bad[name]:
                arguments = dict(good)
                arguments[name] = value
                with self.assertRaises(gio.GrowingParamException) as caught:
                    gio.AsyncBufferedConsumer(
                        **dict((str(key), one) for key, one in arguments.items()))
                self.assertIn(name, str(caught.exception))
                self.assertNotIn("secret", str(caught.exception))
        self.assertTrue(issubclass(gio.GrowingParamException, ValueError))
        self.assertRaises(gio.GrowingParamException, gio.GrowingTracker.consumer, object())
        self.assertRaises(gio.GrowingParamException,
                          gio.GrowingTracker("p", "d", "http://h").track, object())

    def test_addresses(self):
        """Slashes at the end of server_host are dropped, and a path and a port are kept."""
        for given, base in (("http://h//", "http://h"), ("HTTPS://h:1/a/b-c/", "HTTPS://h:1/a/b-c"),
                            ("http://[::1]:80", "http://[::1]:80")):
            consumer = gio.DefaultConsumer("p/1", "d", given)
            self.assertEqual(consumer.endpoints, {
                "collect": base + "/v3/projects/p%2F1/collect",
                "item": base + "/projects/p%2F1/collect/item"})

    def test_consumer_of_ones_own(self):
        """A subclass of Consumer gets every checked message in send()."""
        class Own(gio.Consumer):
            def send(self, message):
                sent.append((message.event_name, message.attributes, message.product_id))

        sent = []
        tracker = gio.GrowingTracker.consumer(Own("p", "d", "http://h"))
        tracker.track_custom_event("e", anonymous_id="a", attributes={"l": [1, 2]})
        self.assertEqual(sent, [("e", {"l": "1||2"}, "p")])

    def test_send_data_and_post_data(self):
        """send_data and post_data return whether the server accepted."""
        with run.Sink([403]) as sink:
            consumer = gio.DefaultConsumer("p", "d", sink.url)
            item = gio.ItemMessage("k", "i")
            self.assertFalse(consumer.post_data(consumer.endpoints["item"], [item]))
            self.assertTrue(consumer.post_data(consumer.endpoints["item"], [item]))
            self.assertTrue(consumer.send_data(consumer.endpoints["item"], "[]", {"stm": 1},
                                               {"content-type": "application/json"}))

    def test_crypt_data(self):
        """crypt_data warns once on Python 2, and never on Python 3."""
        SnappyParser._has_warned = False
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            SnappyParser(True)
            SnappyParser(True)
        self.assertEqual(len(warned), 1 if run.is_without_crypt() else 0)

    def test_snappy_is_missing(self):
        """Without python-snappy only making a SnappyParser fails, with the pip line."""
        program = ("import sys; sys.modules['snappy'] = None\n"
                   "from growingio_tracker_snappy import SnappyParser\n"
                   "try: SnappyParser()\n"
                   "except ImportError as error: print(error)\n")
        output = subprocess.check_output([sys.executable, "-c", program])
        self.assertIn(b"pip install python-snappy", output)

    def test_native_text(self):
        """Literals without a prefix hold any language: on Python 2 they are bytes in UTF-8."""
        with run.Sink() as sink:
            tracker = gio.GrowingTracker(str("p"), str("d"), sink.url)
            name, key = (str("下单"), str("键")) if str is not bytes else (
                "下单".encode("utf-8"), "键".encode("utf-8"))
            tracker.track_custom_event(name, login_user_id=name, attributes={key: [name]})
            [message] = sink.messages()
        self.assertEqual((message["eventName"], message["userId"]), ("下单", "下单"))
        self.assertEqual(message["attributes"], {"键": "下单"})

    def test_other_bytes(self):
        """Bytes that are no UTF-8, and on Python 3 all bytes, are refused as ids."""
        tracker = gio.GrowingTracker("p", "d", "http://127.0.0.1:1")
        for wrong in (b"\xff",) if str is bytes else (b"\xff", b"u"):
            self.assertRaises(gio.GrowingParamException, tracker.track_user, login_user_id=wrong)


class Tls(unittest.TestCase):
    def setUp(self):
        self.directory = os.environ["LEGACY_TEMP"]
        self.sink = run.Sink()
        context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
        context.load_cert_chain(os.path.join(self.directory, "server.pem"))
        self.sink.socket = context.wrap_socket(
            self.sink.socket, server_side=True, do_handshake_on_connect=False)
        self.url = self.sink.url.replace("http://127.0.0.1", "https://localhost")

    def track(self, verify_cert):
        consumer = gio.DefaultConsumer("p", "d", self.url, retry_limit=0, verify_cert=verify_cert)
        gio.GrowingTracker.consumer(consumer).track_user(login_user_id="u")

    def test_certificates(self):
        """An unknown authority is refused; a named one, and verify_cert=False, are accepted."""
        with self.sink as sink:
            with self.assertRaises(gio.GrowingIOException) as caught:
                self.track(True)
            self.assertIn("certificate verify failed", str(caught.exception).lower())
            self.assertEqual(sink.requests, [])
            self.track(str(os.path.join(self.directory, "authority.pem")))
            self.track(False)
            self.assertEqual(len(sink.requests), 2)

    def test_other_name(self):
        """A certificate for another name is refused."""
        self.url = self.url.replace("localhost", "127.0.0.1")
        with self.sink as sink:
            with self.assertRaises(gio.GrowingIOException):
                self.track(str(os.path.join(self.directory, "authority.pem")))
            self.assertEqual(sink.requests, [])


if __name__ == "__main__":
    unittest.main()
