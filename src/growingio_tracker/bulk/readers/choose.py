"""Which format a file has."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from growingio_tracker.bulk.readers.csv_rows import csv_layout
from growingio_tracker.bulk.readers.layout import Layout
from growingio_tracker.bulk.readers.lines import checked_encoding
from growingio_tracker.bulk.readers.ndjson import ndjson_layout
from growingio_tracker.bulk.readers.parquet import parquet_layout
from growingio_tracker.exceptions import GrowingParamException

FileFormat: TypeAlias = Literal["csv", "tsv", "ndjson", "parquet"]

_SUFFIXES: Final[dict[str, FileFormat]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
}


class FileOptions(Struct, frozen=True):
    """How files are to be read.

    :param file_format: ``None`` goes by the ending of each file's name, ``.gz`` left out.
    :param delimiter: one character between the cells of CSV; ``None`` is a comma, in TSV a tab.
    :param encoding: ``"utf-8"``, with or without a byte order mark, or ``"gbk"``, which is read as
        its superset GB 18030.
    """

    file_format: FileFormat | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        checked_encoding(self.encoding)
        delimiter = self.delimiter
        if delimiter is not None and (
            len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()
        ):
            raise GrowingParamException(
                "delimiter must be one ASCII character that is no quote and no line end, got "
                f"{delimiter!r}"
            )


def layout_of(path: Path, options: FileOptions) -> Layout:
    """Return how the rows of a file are written, after a look at its beginning.

    :raises GrowingParamException: when the file is not there, or is not what it should be.
    :raises GrowingIOException: when it cannot be read.
    :raises MissingExtraError: when its format needs a package that is not installed.
    """
    if not path.is_file():
        raise GrowingParamException(f"{path} is not a file; name an existing one")
    file_format = options.file_format or _by_name(path)
    if file_format == "parquet":
        return parquet_layout(str(path))
    encoding = checked_encoding(options.encoding)
    if file_format == "ndjson":
        return ndjson_layout(str(path), encoding)
    delimiter = options.delimiter or ("\t" if file_format == "tsv" else ",")
    return csv_layout(str(path), delimiter, encoding)


def stem(path: Path) -> str:
    """Return a file's name without the endings that say its format."""
    name = path.name
    for suffix in (".gz", *_SUFFIXES):
        name = name.removesuffix(suffix)
    return name


def _by_name(path: Path) -> FileFormat:
    found = _SUFFIXES.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if found is None:
        raise GrowingParamException(
            f"{path}: the name does not say the format; give it (--input csv, tsv, ndjson or "
            "parquet)"
        )
    return found
