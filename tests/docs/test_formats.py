"""docs/formats.md says what values become."""

from __future__ import annotations

import ast
import re

import pytest

from growingio_tracker import DefaultConsumer, GrowingTracker, JsonParser
from growingio_tracker.collector import Collector
from growingio_tracker_protobuf import ProtobufParser
from pages import DOCS

SECTION = (DOCS / "formats.md").read_text("utf-8").partition("## What a value becomes")[2]
CELLS = re.findall(r"^\| (`.*?`.*?) \|", SECTION, re.MULTILINE)
VALUES = [ast.literal_eval(code) for cell in CELLS for code in re.findall(r"`(.*?)`", cell)]
IN_JSON = ["text", 3, 15.5, True, "新客||VIP", '{"a":1}', None]
IN_PROTOBUF = ["text", "3", "15.5", "true", "新客||VIP", '{"a":1}', None]


@pytest.mark.parametrize(
    ("parser", "sent"), [(JsonParser, IN_JSON), (ProtobufParser, IN_PROTOBUF)], ids=["JSON", "pb"]
)
def test_values(parser: type[JsonParser | ProtobufParser], sent: list[object]) -> None:
    """Each value in the table's first column arrives as the page says."""
    with Collector() as collector:
        consumer = DefaultConsumer("p", "d", collector.url, parser())
        with GrowingTracker.consumer(consumer) as tracker:
            attributes = {str(number): value for number, value in enumerate(VALUES)}
            tracker.track_custom_event("e", login_user_id="u", attributes=attributes)
        [event] = collector.events()
    assert [event.attributes.get(str(number)) for number in range(len(VALUES))] == sent
