"""Formats of files, given by an option, inferred from the name, or detected in the first bytes."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import Final

from growingio_tracker.bulk.arguments import ENCODINGS, FileFormat, FileOptions
from growingio_tracker.bulk.arrow import parquet_layout
from growingio_tracker.bulk.chunks import GB18030, UNREADABLE, UTF_8, FileLayout
from growingio_tracker.bulk.csv_rows import csv_layout
from growingio_tracker.bulk.ndjson import ndjson_layout
from growingio_tracker.bulk.streams import UTF16_MARKS, Form, opened
from growingio_wire.errors import GrowingIOException, GrowingParamException

_SUFFIXES: Final[dict[str, FileFormat]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
}
_GZ: Final = ".gz"
_SAMPLE_BYTES: Final = 64 * 1024

_FOREIGN: Final = {
    b"PK\x03\x04": "an Excel workbook or another zip archive; save the sheet as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV UTF-8",
    b"PAR1": "Parquet; set file_format (--input parquet)",
    b"ORC": "ORC, which is not supported; write Parquet instead",
    b"Obj\x01": "Avro, which is not supported; write Parquet instead",
    b"%PDF": "a PDF document",
    b"BZh": "compressed by bzip2; decompress it, or compress it by gzip",
    b"\xfd7zXZ": "compressed by xz; decompress it, or compress it by gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; decompress it, or compress it by gzip",
    b"<": "HTML or XML, which some programs save as .csv or .xls; save it as CSV UTF-8",
}
"""First bytes of unsupported kinds of files."""

_OPEN_LINE: Final = re.compile(rb"\s*\{[ \t\r]*\n|\s*\{[^\n]*[,{\[][ \t\r]*\n")
"""Line of JSON that continues on the next one."""

_JSON: Final = re.compile(rb'\s*(?:\[\s*[\[{\]]|\{\s*")')


def layout_of(path: Path, options: FileOptions) -> FileLayout:
    """Return the layout of a file, after reading its beginning.

    :raises GrowingParamException: if the file does not exist, or is not in the expected format.
    :raises GrowingIOException: if it cannot be read.
    :raises MissingExtraError: if its format needs a package that is not installed.
    """
    if not path.is_file():
        raise GrowingParamException(f"{path} is not a file; name an existing one")
    file_format = options.file_format or _by_name(path)
    if file_format is None:
        _check_kind(path, _sample(path))
        raise GrowingParamException(
            f"{path}: the format cannot be inferred from the name; pass it (--input csv, "
            "tsv, ndjson or parquet)"
        )
    if file_format == "parquet":
        return parquet_layout(str(path))
    sample = _sample(path)
    _check_kind(path, sample)
    encoding, utf16 = encoding_of(path, sample, options.encoding)
    if utf16:
        sample = sample.decode(utf16, "ignore").encode("utf-8", "ignore")
    _check_text(path, sample, file_format)
    if file_format == "ndjson":
        is_array = sample.removeprefix(BOM_UTF8).lstrip().startswith(b"[")
        form = Form(utf16, is_array)
        return ndjson_layout(str(path), encoding, form, skip_lines=options.skip_lines)
    return csv_layout(
        str(path),
        options.delimiter or ("\t" if file_format == "tsv" else None),
        encoding,
        Form(utf16),
        skip_lines=options.skip_lines,
        nulls=frozenset(options.nulls),
    )


def stem(path: Path) -> str:
    """Return a file's name without the endings of its format."""
    name = path.name
    for suffix in (_GZ, *_SUFFIXES):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def _by_name(path: Path) -> FileFormat | None:
    return _SUFFIXES.get(Path(path.name.lower().removesuffix(_GZ)).suffix)


def _sample(path: Path) -> bytes:
    """Return the first bytes of a file's content."""
    sample = b""
    try:
        with io.FileIO(path) as file, opened(file) as stream:
            while len(sample) < _SAMPLE_BYTES and (part := stream.read1(_SAMPLE_BYTES)):
                sample += part
    except UNREADABLE as error:
        if not sample:
            raise GrowingIOException(f"{path} cannot be read: {error}") from error
    return sample


def _check_kind(path: Path, sample: bytes) -> None:
    """Check that a file is not of an unsupported kind.

    :raises GrowingParamException: if it is; the message says what it is.
    """
    for mark, what in _FOREIGN.items():
        if sample.removeprefix(BOM_UTF8).startswith(mark):
            raise GrowingParamException(f"{path} is {what}")


def _check_text(path: Path, sample: bytes, file_format: FileFormat) -> None:
    """Check that text has newlines, and is not in the other format.

    :raises GrowingParamException: if not; the message says what it seems to be.
    """
    if b"\n" not in sample and b"\r" in sample.rstrip(b"\r"):
        raise GrowingParamException(
            f"{path} uses carriage returns as line breaks, like old Mac programs; "
            "save it with newlines (in Excel: CSV UTF-8)"
        )
    if file_format == "ndjson" and _OPEN_LINE.match(sample.removeprefix(BOM_UTF8)):
        raise GrowingParamException(
            f"{path} has JSON objects over several lines; write each on a line of its own "
            "(jq -c .), or all as one array"
        )
    if file_format != "ndjson" and _JSON.match(sample.removeprefix(BOM_UTF8)):
        raise GrowingParamException(f"{path} is JSON; set the format (--input ndjson)")


_BAD_LINES: Final = 0.1


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
