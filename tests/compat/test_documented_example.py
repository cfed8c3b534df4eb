"""A1: the closing example of the documentation runs word for word."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from growingio_collector.testing.fixture import CollectorFixture

EXAMPLE = Path(__file__).parents[1] / "data" / "documented_example.txt"

# The document forgets this import, and its sleeps only give a person time to watch.
PREAMBLE = """
import time
from growingio_tracker import CustomEventMessage
time.sleep = lambda seconds, sleep=time.sleep: sleep(seconds / 1000)
"""


def test_every_event_of_the_documented_example_arrives(
    growingio_collector: CollectorFixture,
) -> None:
    """A1: all 18 events and 4 items of the documentation's example arrive, and nothing else."""
    example = EXAMPLE.read_text(encoding="utf-8")
    for placeholder in ("<server_host>", "http://uat-api.growingio.com"):
        example = example.replace(placeholder, growingio_collector.url)
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + example],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    events = growingio_collector.wait_for(count=22, timeout=0)
    assert Counter(event.kind for event in events) == {"event": 18, "item": 4}
    growingio_collector.assert_no_bad()
    assert "<<END>>" in done.stdout
    assert done.stderr == ""
