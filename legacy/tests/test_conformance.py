"""What both lines have in common, and the documentation's closing example."""

from __future__ import unicode_literals

import io
import os
import unittest
from collections import Counter

import run
from programs import ended

EXAMPLE = os.path.join(os.path.dirname(run.HERE), "data", "documented_example.txt")

# The document forgets one import, and its sleeps only give a person time to watch.
START_EXAMPLE = """
import io, sys, time
import growingio_tracker
sleep = time.sleep
time.sleep = lambda seconds: sleep(seconds / 1000.0)
__builtins__.CustomEventMessage = growingio_tracker.CustomEventMessage
sys.argv = [sys.argv[1]]
with io.open(sys.argv[0], "rb") as file:
    exec(compile(file.read(), sys.argv[0], "exec"), {"__name__": "__main__"})
"""


class Conformance(unittest.TestCase):
    def test_every_case(self):
        """Each case of tests/conformance becomes the messages that it names, in every format."""
        differences = [(case["name"], parser, found) for case in run.cases()
                       for parser in sorted(run.PARSERS)
                       for found in [run.difference(case, parser)] if found]
        self.assertEqual(differences, [])

    def test_documented_example(self):
        """All 18 events and 4 items of the documentation's example arrive, and nothing else."""
        with run.Sink() as sink:
            with io.open(EXAMPLE, encoding="utf-8") as file:
                example = file.read()
            for placeholder in ("<server_host>", "http://uat-api.growingio.com"):
                example = example.replace(placeholder, sink.url)
            path = os.path.join(os.environ["LEGACY_TEMP"], "documented_example.py")
            with io.open(path, "w", encoding="utf-8") as file:
                file.write(example)
            status, output, errors = ended(START_EXAMPLE, path)
            kinds = Counter("event" if "eventType" in one else "item" for one in sink.messages())
        self.assertEqual((status, kinds), (0, {"event": 18, "item": 4}), errors)
        self.assertIn("<<END>>", output)
        self.assertEqual("crypt_data" in errors, run.is_without_crypt(), errors)


if __name__ == "__main__":
    unittest.main()
