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
from growingio_wire.errors import GrowingIOException, invalid, said_of
from growingio_wire.said import NOTHING, Said

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

_COMPRESSED: Final = Said(
    "compressed with {by}; decompress it, or compress it with gzip",
    "用 {by} 压缩的文件；请解压，或改用 gzip 压缩",
)
_FOREIGN: Final = {
    b"PK\x03\x04": Said(
        "an Excel workbook or another zip archive; save the sheet as CSV UTF-8",
        "Excel 工作簿或其他 zip 文件；请把工作表另存为 CSV UTF-8",
    ),
    b"\xd0\xcf\x11\xe0": Said(
        "an old Excel workbook; save the sheet as CSV UTF-8",
        "旧版 Excel 工作簿；请把工作表另存为 CSV UTF-8",
    ),
    b"PAR1": Said(
        "Parquet; set file_format (--input parquet)",
        "Parquet 文件；请设置 file_format（--input parquet）",
    ),
    b"ORC": Said(
        "ORC, which is not supported; convert it to Parquet", "ORC 文件，不受支持；请转换为 Parquet"
    ),
    b"Obj\x01": Said(
        "Avro, which is not supported; convert it to Parquet",
        "Avro 文件，不受支持；请转换为 Parquet",
    ),
    b"%PDF": Said("a PDF document, which cannot be imported", "PDF 文档，无法导入"),
    b"BZh": _COMPRESSED.with_values(by="bzip2"),
    b"\xfd7zXZ": _COMPRESSED.with_values(by="xz"),
    b"\x28\xb5\x2f\xfd": _COMPRESSED.with_values(by="zstd"),
    b"<": Said(
        "HTML or XML, which some programs save as .csv or .xls; save it as CSV UTF-8",
        "HTML 或 XML（有些程序会把它存为 .csv 或 .xls）；请另存为 CSV UTF-8",
    ),
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
        raise invalid(
            f"{path} is not a file; name an existing one", f"{path} 不是文件；请指定已存在的文件"
        )
    file_format = options.file_format or _by_name(path)
    if file_format is None:
        _check_kind(path, _sample(path))
        raise invalid(
            f"{path}: the format cannot be inferred from the name; pass it (--input csv, "
            "tsv, ndjson or parquet)",
            f"{path}：无法从文件名推断格式；请指定（--input csv、tsv、ndjson 或 parquet）",
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
            why = said_of(error)
            raise GrowingIOException(
                Said(f"{path} cannot be read: {why.en}", f"无法读取 {path}：{why.zh}")
            ) from error
    return sample


def _check_kind(path: Path, sample: bytes) -> None:
    """Check that a file is not of an unsupported kind.

    :raises GrowingParamException: if it is; the message says what it is.
    """
    for mark, what in _FOREIGN.items():
        if sample.removeprefix(BOM_UTF8).startswith(mark):
            raise invalid(f"{path} is {what.en}", f"{path} 是 {what.zh}")


def _check_text(path: Path, sample: bytes, file_format: FileFormat) -> None:
    """Check that text has newlines, and is not in the other format.

    :raises GrowingParamException: if not; the message says what it seems to be.
    """
    if b"\n" not in sample and b"\r" in sample.rstrip(b"\r"):
        raise invalid(
            f"{path} uses carriage returns as line breaks, like old Mac programs; "
            "save it with newlines (in Excel: CSV UTF-8)",
            f"{path} 用回车符换行（旧版 Mac 的格式）；请以换行符保存（Excel 中选择 CSV UTF-8）",
        )
    if file_format == "ndjson" and _OPEN_LINE.match(sample.removeprefix(BOM_UTF8)):
        raise invalid(
            f"{path} has JSON objects that span several lines; write each on a line of its own "
            "(jq -c .), or all as one array",
            f"{path} 中的 JSON 对象跨越多行；请每行写一个对象（jq -c .），或写成一个数组",
        )
    if file_format != "ndjson" and _JSON.match(sample.removeprefix(BOM_UTF8)):
        raise invalid(
            f"{path} is JSON; set the format (--input ndjson)",
            f"{path} 是 JSON；请指定格式（--input ndjson）",
        )


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
            seems = _seems(sample)
            raise invalid(
                f"{path} is not {told}{seems.en}", f"{path} 不是 {told} 编码{seems.zh}", "encoding"
            )
        return encoding, ""
    if unmarked := _unmarked_utf16(sample):
        raise invalid(
            f"{path} seems to be UTF-16 without a byte order mark; "
            f"set the encoding (--encoding {unmarked})",
            f"{path} 似乎是没有字节顺序标记的 UTF-16；请指定编码（--encoding {unmarked}）",
            "encoding",
        )
    if _is_in(sample, UTF_8):
        return UTF_8, ""
    if _is_chinese(sample):
        return GB18030, ""
    raise invalid(
        f"{path} is neither UTF-8 nor GBK; save it as UTF-8",
        f"{path} 既不是 UTF-8 也不是 GBK；请存为 UTF-8",
        "encoding",
    )


def _seems(sample: bytes) -> Said:
    for encoding, name in ((UTF_8, "utf-8"), (GB18030, "gbk")):
        if _is_in(sample, encoding):
            return Said(
                f"; it looks like {name}, so set the encoding (--encoding {name})",
                f"，看起来是 {name}；请指定编码（--encoding {name}）",
            )
    return NOTHING


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
