# -*- coding: utf-8 -*-
"""Retries, refusals, queues and threads, with real sockets."""

from __future__ import unicode_literals

import gc
import logging
import socket
import sys
import threading
import time
import unittest
import weakref

import growingio_tracker as gio
from growingio_tracker import outbox
from programs import GIVEN_UP_S
from run import Sink


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())

    def __enter__(self):
        logging.getLogger("growingio_tracker").addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger("growingio_tracker").removeHandler(self)

    def has(self, words):
        return any(words in line for line in self.lines)


class Printed(list):
    """Keeps what is printed."""

    def write(self, text):
        self.append(text)


def closed_url():
    """Return an address where nobody listens."""
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    return "http://127.0.0.1:%d" % port


def background(url, **options):
    options = dict({"flush_after": 0.05, "retry_backoff_factor": 0.01}, **options)
    return gio.AsyncBufferedConsumer(
        "p", "d", url, **dict((str(name), value) for name, value in options.items()))


def track(consumer, *names):
    tracker = gio.GrowingTracker.consumer(consumer)
    for name in names:
        tracker.track_custom_event(name, anonymous_id="a")


def names(messages):
    return [message["eventName"] for message in messages]


def wait_for(condition, seconds=20):
    until = time.time() + seconds
    while not condition() and time.time() < until:
        time.sleep(0.01)
    return condition()


class Caller(unittest.TestCase):
    """DefaultConsumer, BufferedConsumer and DebugConsumer send in the caller's thread."""

    def test_retries(self):
        """503, 429, 408 and 425 are repeated up to retry_limit, and the event arrives once."""
        for status in (500, 503, 429, 408, 425):
            with Sink([status] * 3) as sink:
                consumer = gio.DefaultConsumer("p", "d", sink.url, retry_backoff_factor=0.01)
                track(consumer, "e")
                self.assertEqual(names(sink.messages()), ["e"])
                self.assertEqual(consumer.stats()["delivered"], 1)

    def test_retry_limit(self):
        """After retry_limit repeats the call raises, and the event is counted as dropped."""
        with Sink([503] * 3) as sink:
            consumer = gio.DefaultConsumer("p", "d", sink.url, None, 2, 5, 0.01)
            with self.assertRaises(gio.GrowingIOException) as caught:
                track(consumer, "e")
            self.assertEqual(caught.exception.status, 503)
            self.assertEqual((sink.statuses, consumer.stats()["dropped"]), ([], 1))

    def test_backoff(self):
        """The waits before repeats grow with retry_backoff_factor."""
        with Sink([503] * 2) as sink:
            begun = time.time()
            track(gio.DefaultConsumer("p", "d", sink.url, retry_backoff_factor=0.2), "e")
            self.assertGreater(time.time() - begun, 0.29)  # at least half of 0.2 and of 0.4

    def test_refusal(self):
        """401, 403, 404 and a redirect are not repeated: they raise, are logged and counted."""
        for status in (401, 403, 404, 302):
            with Sink([status]) as sink, Lines() as log:
                consumer = gio.DefaultConsumer("p", "d", sink.url)
                self.assertRaises(gio.GrowingIOException, track, consumer, "e")
                self.assertEqual(consumer.stats()["rejected"], 1)
                self.assertTrue(log.has("answered %d" % status), log.lines)
                self.assertEqual(sink.requests, [])

    def test_no_server(self):
        """A refused connection raises GrowingIOException after the repeats."""
        consumer = gio.DefaultConsumer("p", "d", closed_url(), retry_backoff_factor=0.01)
        self.assertRaises(gio.GrowingIOException, track, consumer, "e")

    def test_is_freed(self):
        """A consumer that sends at once is freed with its last reference."""
        with Sink() as sink:
            consumer = gio.DefaultConsumer("p", "d", sink.url)
            track(consumer, "e")
            reference = weakref.ref(consumer)
            del consumer
            gc.collect()
        self.assertIsNone(reference())

    def test_buffered_keeps(self):
        """A batch that is not accepted stays, and is delivered once by a later flush."""
        with Sink([503]) as sink:
            consumer = gio.BufferedConsumer("p", "d", sink.url, max_size=2, retry_limit=0)
            track(consumer, "a")
            self.assertRaises(gio.GrowingIOException, track, consumer, "b")
            track(consumer, "c")
            consumer.flush()
            consumer.flush()
            self.assertEqual(names(sink.messages()), ["a", "b", "c"])

    def test_buffered_between_threads(self):
        """Eight threads lose no event and repeat none."""
        with Sink() as sink:
            consumer = gio.BufferedConsumer("p", "d", sink.url, max_size=7)
            work = [threading.Thread(target=track, args=(consumer,) + tuple(
                "%d-%d" % (thread, number) for number in range(50))) for thread in range(8)]
            for thread in work:
                thread.start()
            for thread in work:
                thread.join()
            consumer.flush()
            arrived = names(sink.messages())
        self.assertEqual((len(arrived), len(set(arrived))), (400, 400))

    def test_blamed_batch_is_halved(self):
        """When a batch is called bad, its good events arrive all the same."""
        with Sink([400, 400, 400, 204, 204]) as sink, Lines() as log:
            consumer = gio.BufferedConsumer("p", "d", sink.url, max_size=4)
            self.assertRaises(gio.GrowingIOException, track, consumer, "bad", "b", "c", "d")
            self.assertEqual(sorted(names(sink.messages())), ["b", "c", "d"])
            self.assertEqual(consumer.stats()["rejected"], 1)
            self.assertTrue(log.has("1 event(s) rejected"), log.lines)


class Debug(unittest.TestCase):
    """DebugConsumer shows what happens."""

    def test_prints(self):
        """Every message and what became of it is printed, in ASCII, and sent."""
        printed, real = Printed(), sys.stdout
        with Sink([204, 403]) as sink:
            sys.stdout = printed
            try:
                consumer = gio.DebugConsumer("p", "d", sink.url)
                track(consumer, "下单")
                self.assertRaises(gio.GrowingIOException, track, consumer, "refused")
            finally:
                sys.stdout = real
            self.assertEqual(names(sink.messages()), ["下单"])
        for words in ("product_id=p", "\\u4e0b\\u5355", "accepted", "answered 403"):
            self.assertIn(words, "".join(printed))


class InBackground(unittest.TestCase):
    """AsyncBufferedConsumer sends in a thread of its own."""

    def test_flush_after(self):
        """Events leave after flush_after seconds."""
        with Sink() as sink:
            consumer = background(sink.url)
            track(consumer, "a", "b")
            self.assertEqual(names(sink.wait(2)), ["a", "b"])
            consumer.stop()

    def test_max_size(self):
        """max_size events leave at once."""
        with Sink() as sink:
            consumer = background(sink.url, flush_after=60, max_size=2)
            track(consumer, "a", "b", "c")
            self.assertEqual(names(sink.wait(2)), ["a", "b"])
            consumer.stop()
            self.assertEqual(names(sink.messages()), ["a", "b", "c"])

    def test_items_do_not_starve(self):
        """A waiting item leaves after flush_after, however many full batches of events leave."""
        with Sink() as sink:
            consumer = background(sink.url, flush_after=0.3, max_size=2)
            gio.GrowingTracker.consumer(consumer).submit_item("k", "i")
            until = time.time() + 20
            while time.time() < until and not any("id" in one for one in sink.messages()):
                track(consumer, "a", "b")
                time.sleep(0.02)
            self.assertTrue(any("id" in one for one in sink.messages()))
            consumer.stop()

    def test_outage(self):
        """Events that a failing server did not take arrive once, in order, when it is back."""
        with Sink([503] * 6) as sink:
            consumer = background(sink.url, retry_limit=1)
            track(consumer, "a", "b")
            self.assertTrue(wait_for(lambda: len(sink.statuses) < 6))
            track(consumer, "c")
            self.assertEqual(names(sink.wait(3, 20)), ["a", "b", "c"])
            consumer.stop()

    def test_rejection_is_counted(self):
        """What the server refuses is logged and counted, and the thread goes on."""
        with Sink([404]) as sink, Lines() as log:
            consumer = background(sink.url)
            track(consumer, "a")
            self.assertTrue(wait_for(lambda: consumer.stats()["rejected"] == 1))
            track(consumer, "b")
            self.assertEqual(names(sink.wait(1)), ["b"])
            self.assertTrue(log.has("answered 404"), log.lines)
            consumer.stop()

    def test_bad_attribute(self):
        """An attribute that cannot be sent is left out and logged; the event and others arrive."""
        with Sink() as sink, Lines() as log:
            consumer = background(sink.url)
            tracker = gio.GrowingTracker.consumer(consumer)
            for bad in (object(), float("nan"), float("inf"), "\ud800", [object()],
                        {"k": object()}):
                tracker.track_custom_event("e", anonymous_id="a",
                                           attributes={"bad": bad, "good": 1})
            self.assertEqual([one["attributes"] for one in sink.wait(6)], [{"good": 1}] * 6)
            self.assertEqual(len([one for one in log.lines if "attributes[" in one]), 6)
            consumer.stop()

    def test_worker_survives_errors(self):
        """A parser that raises, and even a broken transport, do not end the thread."""
        class Parser(gio.JsonParser):
            def get_bytes(self, messages, stm=None):
                if messages[0].event_name == "bad":
                    raise KeyError("broken")
                return super(Parser, self).get_bytes(messages, stm)

        with Sink() as sink, Lines() as log:
            consumer = background(sink.url, data_parser=Parser(), max_size=1)
            track(consumer, "bad")
            self.assertTrue(wait_for(lambda: consumer.stats()["rejected"] == 1))
            post = consumer._sender.post
            consumer._sender.post = None
            track(consumer, "kept")
            self.assertTrue(wait_for(lambda: log.has("sending failed")))
            consumer._sender.post = post
            track(consumer, "good")
            self.assertEqual(names(sink.wait(2)), ["kept", "good"])
            consumer.stop()

    def test_dead_thread_is_replaced(self):
        """When the thread is gone, the next event starts another, and nothing is lost."""
        with Sink() as sink:
            consumer = background(sink.url)
            track(consumer, "a")
            sink.wait(1)
            box = consumer._outbox()
            wait, box._wait_until_due = box._wait_until_due, lambda: 0
            self.assertTrue(wait_for(lambda: not box._thread.is_alive()))
            box._wait_until_due = wait
            track(consumer, "b")
            self.assertEqual(names(sink.wait(2)), ["a", "b"])
            consumer.stop()

    def test_queue_is_bounded(self):
        """Events beyond the bound are dropped, logged and counted, and no call raises."""
        limit, outbox.MAX_EVENTS = outbox.MAX_EVENTS, 10
        try:
            with Lines() as log:
                consumer = gio.AsyncBufferedConsumer("p", "d", closed_url())
                track(consumer, *["e"] * 15)
                stats = consumer.stats()
                self.assertEqual((stats["dropped"], stats["pending"]), (5, 10))
                self.assertTrue(log.has("10 events wait already"), log.lines)
        finally:
            outbox.MAX_EVENTS = limit
        self.assertEqual(limit, 100000)

    def test_flush(self):
        """flush() returns True when everything is delivered, and False when the server is down."""
        with Sink() as sink:
            consumer = background(sink.url, flush_after=60)
            track(consumer, "a", "b")
            self.assertTrue(consumer.flush())
            self.assertEqual(names(sink.messages()), ["a", "b"])
            self.assertTrue(consumer.flush())
            consumer.stop()
        down = background(closed_url(), flush_after=60)
        track(down, "a")
        self.assertFalse(down.flush())

    def test_stop(self):
        """stop() delivers, may be called again, and later events are dropped and counted."""
        with Sink() as sink:
            consumer = background(sink.url, flush_after=60)
            track(consumer, "a")
            begun = time.time()
            consumer.stop()
            consumer.stop()
            self.assertLess(time.time() - begun, 5)
            track(consumer, "late")
            self.assertEqual(names(sink.messages()), ["a"])
            self.assertEqual(consumer.stats()["dropped"], 1)

    def test_stop_with_a_dead_server(self):
        """stop() gives up after five seconds, and counts what it lost."""
        with Lines() as log:
            consumer = background(closed_url())
            track(consumer, "a", "b")
            begun = time.time()
            consumer.stop()
            self.assertLess(time.time() - begun, GIVEN_UP_S)
            self.assertEqual(consumer.stats()["dropped"], 2)
            self.assertTrue(log.has("2 event(s) dropped"), log.lines)

    def test_attributes_are_copied(self):
        """What the caller changes after the call does not change what is sent."""
        with Sink() as sink:
            consumer = background(sink.url, flush_after=60)
            attributes = {"tags": ["a"]}
            gio.GrowingTracker.consumer(consumer).track_user(
                login_user_id="u", attributes=attributes)
            attributes["tags"].append("b")
            attributes["more"] = 1
            consumer.stop()
            self.assertEqual(sink.messages()[0]["attributes"], {"tags": "a"})


if __name__ == "__main__":
    unittest.main()
