"""Write into docs/formats.md, and its Chinese version, how values are encoded, as the code does it.

python tests/docs/list_values.py
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid
from pathlib import Path
from typing import Final

from growingio_collector import Collector
from growingio_tracker import DefaultConsumer, GrowingTracker, JsonParser
from growingio_tracker_protobuf import ProtobufParser

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = {
    DOCS / "formats.md": (("Python", "JSON", "protobuf"), "left out"),
    DOCS / "formats.zh-CN.md": (("Python", "JSON", "protobuf"), "忽略"),
}
"""The pages, each with the heads of the table and what it says of a value that is not sent."""

VALUES: Final = (
    '"text"',
    "3",
    "15.5",
    "True",
    '["新客", "VIP", 3]',
    '("a", "b")',
    '{"a": 1}',
    'Decimal("15.50")',
    "datetime.date(2024, 1, 31)",
    "datetime.datetime(2024, 1, 31, 8, tzinfo=datetime.timezone.utc)",
    'UUID("12345678123456781234567812345678")',
    "Color.RED  # an Enum with the value 'red'",
    "None",
    'float("nan")',
)
"""Python expressions; each is a row."""


class Color(enum.Enum):
    """An Enum, as programs have them."""

    RED = "red"


NAMES: Final = {
    "Color": Color,
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "datetime": dt,
}
_BEGIN: Final = "<!-- values: begin, written by tests/docs/list_values.py -->\n"
_END: Final = "<!-- values: end -->"


def main() -> None:
    for page in PAGES:
        page.write_text(with_values(page), encoding="utf-8")


def with_values(page: Path) -> str:
    """Return the page with its table made anew."""
    before, _, rest = page.read_text("utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{_table(*PAGES[page])}{_END}{rest.partition(_END)[2]}"


def _table(heads: tuple[str, ...], left_out: str) -> str:
    in_json, in_protobuf = (_sent(parser()) for parser in (JsonParser, ProtobufParser))
    lines = [_row(heads), _row(("---",) * len(heads))]
    for number, source in enumerate(VALUES):
        cells = (
            _code(json.dumps(sent[str(number)], ensure_ascii=False)) if str(number) in sent
            else left_out
            for sent in (in_json, in_protobuf)
        )  # fmt: skip
        lines.append(_row((_code(source), *cells)))
    return "".join(f"{line}\n" for line in ("", *lines, ""))


def _sent(parser: JsonParser | ProtobufParser) -> dict[str, object]:
    """Return what arrives of the values in one event, by their numbers."""
    values = {str(number): eval(source, dict(NAMES)) for number, source in enumerate(VALUES)}
    with Collector() as collector:
        consumer = DefaultConsumer("p", "d", collector.url, parser)
        with GrowingTracker.consumer(consumer) as tracker:
            tracker.track_custom_event("e", login_user_id="u", attributes=values)
        [event] = collector.events()
    return dict(event.attributes)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


if __name__ == "__main__":
    main()
