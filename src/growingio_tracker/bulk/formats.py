"""Formats of files, given by an option, inferred from the name, or detected in the first bytes."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from growingio_tracker.bulk.arrow import parquet_layout
from growingio_tracker.bulk.chunks import UNREADABLE, FileLayout
from growingio_tracker.bulk.csv_rows import csv_layout
from growingio_tracker.bulk.encodings import ENCODINGS, encoding_of
from growingio_tracker.bulk.ndjson import ndjson_layout
from growingio_tracker.bulk.streams import Form, opened
from growingio_wire.checks import check_fields
from growingio_wire.errors import GrowingIOException, GrowingParamException

FileFormat: TypeAlias = Literal["csv", "tsv", "ndjson", "parquet"]

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
    b"ORC": "ORC, which is not read; write Parquet instead",
    b"Obj\x01": "Avro, which is not read; write Parquet instead",
    b"%PDF": "a PDF document",
    b"BZh": "compressed by bzip2; decompress it, or compress it by gzip",
    b"\xfd7zXZ": "compressed by xz; decompress it, or compress it by gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; decompress it, or compress it by gzip",
    b"<": "HTML or XML, as some programs name .csv or .xls; save it as CSV UTF-8",
}
"""First bytes of unsupported kinds of files."""

_OPEN_LINE: Final = re.compile(rb"\s*\{[ \t\r]*\n|\s*\{[^\n]*[,{\[][ \t\r]*\n")
"""Line of JSON that continues on the next one."""

_JSON: Final = re.compile(rb'\s*(?:\[\s*[\[{\]]|\{\s*")')


class FileOptions(Struct, frozen=True):
    """How to read files.

    :param file_format: ``None`` infers it from the ending of each file's name, ignoring ``.gz``.
    :param delimiter: the character between CSV cells; ``None`` is the most frequent in the header:
        comma, semicolon, tab or bar. A first line ``sep=;`` also sets it.
    :param encoding: ``"utf-8"``, ``"gbk"``, which is read as its superset GB 18030, ``"utf-16"``,
        ``"utf-16-le"`` or ``"utf-16-be"``; ``None`` detects it from the file's first bytes.
    :param skip_lines: lines before the header, or before the first row of NDJSON.
    :param nulls: CSV cells that mean a missing value, besides empty ones, for example
        ``("NULL", "\\\\N")``.
    """

    file_format: FileFormat | None = None
    delimiter: str | None = None
    encoding: str | None = None
    skip_lines: int = 0
    nulls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if self.encoding is not None and self.encoding.lower() not in ENCODINGS:
            raise GrowingParamException(
                f"encoding must be one of {', '.join(ENCODINGS)}, got {self.encoding!r}",
                "encoding",
            )
        delimiter = self.delimiter
        if delimiter is not None and (
            len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()
        ):
            raise GrowingParamException(
                "delimiter must be one ASCII character other than a quote or a line break, got "
                f"{delimiter!r}",
                "delimiter",
            )
        if self.skip_lines < 0:
            raise GrowingParamException(
                f"skip_lines must be 0 or more, got {self.skip_lines}", "skip_lines"
            )


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
            f"{path}: its name does not tell the format; pass it (--input csv, tsv, ndjson or "
            "parquet)"
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
