"""Encodings of text files, given by the caller or detected from the first bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from growingio_tracker.bulk.chunks import GB18030, UTF_8
from growingio_tracker.bulk.streams import UTF16_MARKS
from growingio_wire.errors import GrowingParamException

_BAD_LINES: Final = 0.1
ENCODINGS: Final = {
    "utf-8": UTF_8,
    "utf8": UTF_8,
    "utf-8-sig": UTF_8,
    "gbk": GB18030,
    "gb2312": GB18030,
    "gb18030": GB18030,
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""Supported encodings by their common names."""


def encoding_of(path: Path, sample: bytes, told: str | None) -> tuple[str, str]:
    """Return the encoding of a file's lines, and the kind of UTF-16 they come from, if any.

    :raises GrowingParamException: if the encoding is not supported or cannot be detected.
    """
    marked = next((name for mark, name in UTF16_MARKS.items() if sample.startswith(mark)), "")
    if marked:
        return UTF_8, marked
    if told is not None:
        encoding = ENCODINGS[told.lower()]
        if encoding.startswith("utf-16"):
            return UTF_8, encoding
        if not _is_in(sample, encoding):
            raise GrowingParamException(f"{path} is not {told}{_seems(sample)}", "encoding")
        return encoding, ""
    if unmarked := _unmarked_utf16(sample):
        raise GrowingParamException(
            f"{path} seems to be UTF-16 without a byte order mark; "
            f"set the encoding (--encoding {unmarked})",
            "encoding",
        )
    if _is_in(sample, UTF_8):
        return UTF_8, ""
    if _is_chinese(sample):
        return GB18030, ""
    raise GrowingParamException(f"{path} is neither UTF-8 nor GBK; save it as UTF-8", "encoding")


def _seems(sample: bytes) -> str:
    for encoding, name in ((UTF_8, "utf-8"), (GB18030, "gbk")):
        if _is_in(sample, encoding):
            return f"; it looks like {name}, so set the encoding (--encoding {name})"
    return ""


def _is_in(sample: bytes, encoding: str) -> bool:
    """Return whether bytes are valid in an encoding, except for a few lines, which are bad rows."""
    lines = sample.splitlines(keepends=True)
    if len(lines) > 1 and not lines[-1].endswith(b"\n"):
        lines.pop()  # where the sample ends, a character may be cut in two
    bad = [number for number, line in enumerate(lines) if not _can_decode(line, encoding)]
    return len(bad) <= _BAD_LINES * len(lines) and 0 not in bad


def _can_decode(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(line) - 4 and not line.endswith(b"\n")
    return True


_PAIR: Final = re.compile(rb"[\x81-\xfe][\x30-\xfe]")


def _is_chinese(sample: bytes) -> bool:
    """Return whether bytes are plausible GB 18030.

    Text in other legacy encodings can be decoded as GB 18030, too, but becomes rare characters,
    whose second byte is an ASCII character.
    """
    if not _is_in(sample, GB18030):
        return False
    pairs = _PAIR.findall(sample)
    usual = sum(1 for pair in pairs if pair[1] >= 0xA1)
    return usual >= 0.8 * len(pairs)


def _unmarked_utf16(sample: bytes) -> str:
    """Return the UTF-16 byte order that explains the NUL bytes, or an empty string."""
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.3 * half:
        return "utf-16-le"
    return "utf-16-be" if half and sample[0::2].count(0) > 0.3 * half else ""
