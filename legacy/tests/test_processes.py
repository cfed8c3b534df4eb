"""The end of a process, and what a fork takes along: real processes, real sockets."""

from __future__ import unicode_literals

import signal
import socket
import unittest

from programs import (
    GIVEN_UP_S, TRACKING, can_fork, ended, result, seconds_to_end, started)
from run import Sink

ASYNC = "AsyncBufferedConsumer('p', 'd', url)"
BUFFERED = "BufferedConsumer('p', 'd', url)"
START = TRACKING + """
tracker = GrowingTracker.consumer(%s)
tracker.track_user(login_user_id="first")
tracker.track_user(login_user_id="second")
"""


def users(messages):
    return [message["userId"] for message in messages]


class BlackHole(object):
    """Accepts connections and never answers."""

    def __enter__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(50)
        return str("http://127.0.0.1:%d" % self._socket.getsockname()[1])

    def __exit__(self, *_):
        self._socket.close()


class End(unittest.TestCase):
    def test_every_normal_end_delivers(self):
        """However a program ends by itself, what it queued is delivered, once."""
        ends = (("pass", 0), ("sys.exit(3)", 3), ("raise KeyError", 1))
        for consumer in (ASYNC, BUFFERED):
            for end, expected in ends:
                with Sink() as sink:
                    status, _, errors = ended(START % consumer + end, sink.url)
                    self.assertEqual(status, expected, errors)
                    self.assertEqual(users(sink.messages()), ["first", "second"], (consumer, end))

    def test_forgotten_consumer(self):
        """A consumer that nobody holds any more delivers at the end, too."""
        with Sink() as sink:
            ended(START % ASYNC + "import gc\ndel tracker\ngc.collect()", sink.url)
            self.assertEqual(users(sink.messages()), ["first", "second"])

    def test_sigterm_whose_handler_exits(self):
        """SIGTERM to a program whose handler calls sys.exit delivers what waits."""
        program = START % ASYNC + """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("ready")
sys.stdout.flush()
while True:
    time.sleep(0.1)
"""
        with Sink() as sink:
            process = started(program, sink.url)
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(result(process)[0], 7)
            self.assertEqual(users(sink.messages()), ["first", "second"])

    def test_silent_server_holds_nobody_up(self):
        """With a server that never answers a program ends within 5 s, and says what it lost."""
        for consumer in (ASYNC, BUFFERED):
            with BlackHole() as url:
                seconds, (status, _, errors) = seconds_to_end(START % consumer, url)
                self.assertEqual(status, 0, errors)
                self.assertLess(seconds, GIVEN_UP_S)
                self.assertIn("2 event(s) dropped", errors)
                self.assertNotIn("Traceback", errors)

    def test_dead_server(self):
        """With a server that refuses connections a program ends within 5 s, and says it."""
        with BlackHole() as url:
            pass
        seconds, (_, _, errors) = seconds_to_end(START % ASYNC, url)
        self.assertLess(seconds, GIVEN_UP_S)
        self.assertIn("2 event(s) dropped", errors)
        self.assertNotIn("Traceback", errors)

    def test_many_consumers_share_the_time(self):
        """Ten consumers with a silent server take no longer than one."""
        program = TRACKING + """
for _ in range(10):
    GrowingTracker.consumer(%s).track_user(login_user_id="u")
""" % ASYNC
        with BlackHole() as url:
            seconds, _ = seconds_to_end(program, url)
        self.assertLess(seconds, GIVEN_UP_S)


@unittest.skipUnless(can_fork(), "this system has no os.fork")
class Fork(unittest.TestCase):
    def test_each_delivers_its_own(self):
        """After os.fork parent and child deliver their own events, each once."""
        program = START + """
pid = os.fork()
if pid == 0:
    tracker.track_user(login_user_id="child")
    sys.exit(0)
tracker.track_user(login_user_id="parent")
assert os.waitpid(pid, 0)[1] == 0
"""
        for consumer in (ASYNC, BUFFERED):
            with Sink() as sink:
                status, _, errors = ended(program % consumer, sink.url)
                self.assertEqual(status, 0, errors)
                self.assertEqual(sorted(users(sink.messages())),
                                 ["child", "first", "parent", "second"])

    def test_fork_while_other_threads_track(self):
        """Children forked while threads track and send neither hang nor send twice."""
        program = TRACKING + """
consumer = AsyncBufferedConsumer('p', 'd', url, None, 0.05, 3)
tracker = GrowingTracker.consumer(consumer)
def work():
    for number in range(200):
        tracker.track_user(login_user_id="parent")
        time.sleep(0.001)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
children = []
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        tracker.track_user(login_user_id="child")
        consumer.stop()
        os._exit(0)
    children.append(pid)
    time.sleep(0.01)
for thread in threads: thread.join()
assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 10
while consumer.stats()["pending"]: time.sleep(0.01)  # the end gives up after 5 s
"""
        with Sink() as sink:
            status, _, errors = ended(program, sink.url)
            self.assertEqual(status, 0, errors)
            arrived = users(sink.messages())
        self.assertEqual((arrived.count("child"), arrived.count("parent")), (10, 800))

    def test_multiprocessing(self):
        """A child of multiprocessing, which runs no atexit handler, delivers at its end."""
        program = START % ASYNC + """
import multiprocessing
def child():
    tracker.track_user(login_user_id="child")
process = multiprocessing.Process(target=child)
process.start()
process.join()
"""
        with Sink() as sink:
            status, _, errors = ended(program, sink.url)
            self.assertEqual(status, 0, errors)
            self.assertEqual(sorted(users(sink.messages())), ["child", "first", "second"])


if __name__ == "__main__":
    unittest.main()
