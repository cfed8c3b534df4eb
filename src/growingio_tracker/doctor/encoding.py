"""The test event, in each format."""

from __future__ import annotations

from typing import Final, NamedTuple

from growingio_tracker._clock import now_ms
from growingio_tracker.config.build import parser_of
from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import MissingExtraError
from growingio_tracker.formats.base import DataParser
from growingio_tracker.message import CustomEventMessage
from growingio_tracker.record import to_record
from growingio_tracker.wire import Kind

TEST_EVENT: Final = "growingio_doctor_test"
TEST_VISITOR: Final = "growingio-doctor"

UNNAMED: Final = "unknown"
"""Stands for an id that the configuration lacks."""


class Encoded(NamedTuple):
    """A body, what made it, and the send time that belongs to it."""

    parser: DataParser
    body: bytes
    stm: int


def encode(target: Target, form: str) -> Encoded:
    """Return the test event in a format.

    :raises MissingExtraError: when the format needs a package that is not installed.
    """
    parser, stm = parser_of(form), now_ms()
    message = CustomEventMessage(
        None,
        TEST_EVENT,
        None,
        None,
        TEST_VISITOR,
        {"format": form},
        None,
        target.product_id or UNNAMED,
        target.data_source_id or UNNAMED,
    )
    record, _ = to_record(message, stm)
    return Encoded(parser, parser.encode_records(Kind.EVENT, [record], stm), stm)


def look_at_format(target: Target, form: str) -> Finding:
    """Encode the test event in a format; send nothing."""
    name = f"format {form}"
    try:
        size = len(encode(target, form).body)
    except MissingExtraError as error:
        said = ("not installed", "未安装")
        is_needed = form == target.form
        return finding(name, "bad" if is_needed else "skipped", said, (str(error), str(error)))
    said = (f"encodes a test event in {size} bytes", f"测试事件编码为 {size} 字节")
    return finding(name, "ok", said, NO_FIX)
