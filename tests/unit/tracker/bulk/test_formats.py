"""What is found about a file before it is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.bulk import FileOptions
from growingio_tracker.bulk.formats import layout_of, stem
from growingio_tracker.bulk.rows import BadRow

from .test_layouts import rows_of, written

ROWS = [{"用户": "甲", "值": "1"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n", '"sep={}"\n'])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_j4_delimiters(tmp_path: Path, delimiter: str, first: str, encoding: str) -> None:
    """J4: the delimiter is what the header has most of, or what Excel's first line says."""
    text = f"{first.format(delimiter)}用户{delimiter}值\n甲{delimiter}1\n"
    assert rows_of(written(tmp_path, "a.csv", text.encode(encoding))) == ROWS


def test_delimiters_in_quotes(tmp_path: Path) -> None:
    """What stands in quotes does not count, and a single column needs no delimiter."""
    assert rows_of(written(tmp_path, "a.csv", b'"a,b,c";d\n1;2\n')) == [{"a,b,c": "1", "d": "2"}]
    assert rows_of(written(tmp_path, "b.csv", b"user\nu1\n")) == [{"user": "u1"}]


def test_told_delimiter_wins(tmp_path: Path) -> None:
    """A delimiter that is given is taken, whatever the header has most of."""
    path = written(tmp_path, "a.csv", b"a,x;b,y\n1;2\n")
    assert rows_of(path, delimiter=";") == [{"a,x": "1", "b,y": "2"}]


@pytest.mark.parametrize("name", ["a.CSV.GZ", "A.Csv.gz", "a.csv.GZ"])
def test_j4_names_in_any_case(tmp_path: Path, name: str) -> None:
    """J4: endings of names count in any case."""
    assert rows_of(written(tmp_path, name, gzip.compress(b"a\n1\n"))) == [{"a": "1"}]
    assert stem(Path(name)).lower() == "a"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"BZh9rest", "bzip2"),
        (b"PAR1rest", "--input parquet"),
        (b"<html><table>", "HTML"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b'[{"a":1}]', "JSON"),
        (b'{"a":1}\n', "JSON"),
        (b"a,b\r1,2\r", "carriage returns"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-16-le"),
        ("a,b\n1,2\n".encode("utf-16-be"), "utf-16-be"),
        (b"caf\xe9 au lait,b\n1,2\n", "neither UTF-8 nor GBK"),
        ("naïve,été\n".encode("latin-1") * 50, "neither UTF-8 nor GBK"),
        (b"a\0b,c\n1,2\n", "NUL"),
        (b"\n\na,b\n", "--skip-lines"),
    ],
)
def test_j4_other_files(tmp_path: Path, content: bytes, said: str) -> None:
    """J4: a file that is something else is refused, with what it seems to be."""
    for name, written_so in (("a.csv", content), ("a.csv.gz", gzip.compress(content))):
        with pytest.raises(GrowingParamException, match=said):
            layout_of(written(tmp_path, name, written_so), FileOptions())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04", "Excel"),
        ("a.csv.bz2", b"BZh9", "bzip2"),
        ("a.dat", b"", "--input"),
    ],
)
def test_j4_names_of_other_files(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """J4: the same is said of a file whose name tells no format that can be read."""
    with pytest.raises(GrowingParamException, match=said):
        layout_of(written(tmp_path, name, content), FileOptions())


@pytest.mark.parametrize(
    "content", [b'{\n "a": 1\n}\n', b'{"a": {\n"b":1}}\n', b'\n{"a":1,\n"b":2}\n']
)
def test_j4_json_over_lines(tmp_path: Path, content: bytes) -> None:
    """J4: JSON objects over several lines are named as that, and not torn into bad rows."""
    with pytest.raises(GrowingParamException, match="span several lines"):
        layout_of(written(tmp_path, "a.json", content), FileOptions())


def test_wrong_encoding_told(tmp_path: Path) -> None:
    """An encoding that does not fit is refused, with the one that does."""
    path = written(tmp_path, "a.csv", "用户,值\n甲,乙\n".encode("gbk"))
    with pytest.raises(GrowingParamException, match="--encoding gbk"):
        rows_of(path, encoding="utf-8")


def test_damaged_row_at_the_beginning(tmp_path: Path) -> None:
    """A damaged row among the first is bad by itself."""
    rows = rows_of(written(tmp_path, "a.csv", "用户\n".encode() + b"a\xff\xfeb\n" + b"u\n" * 20))
    assert [place for place, row in enumerate(rows) if isinstance(row, BadRow)] == [0]


def test_j4_delimiters_at_the_end(tmp_path: Path) -> None:
    """J4: delimiters at the end of the header, or of rows, add no cells."""
    assert rows_of(written(tmp_path, "a.csv", b"a,b,\n1,2\n3,4,\n")) == [
        {"a": "1", "b": "2"}, {"a": "3", "b": "4"},
    ]  # fmt: skip
    rows = rows_of(written(tmp_path, "b.csv", b"a,b\n1,2,,\n3,4,x\n5\n"))
    assert rows[0] == {"a": "1", "b": "2"}
    assert [type(row) for row in rows[1:]] == [BadRow, BadRow]


def test_j4_skipped_lines(tmp_path: Path) -> None:
    """J4: lines before the header can be skipped, and chunks begin behind it."""
    path = written(tmp_path, "a.csv", "报表\n\na,b\n1,2\n".encode())
    assert rows_of(path, skip_lines=2) == [{"a": "1", "b": "2"}]
    path = written(tmp_path, "a.ndjson", b'# exported\n{"a":1}\n')
    assert rows_of(path, skip_lines=1) == [{"a": 1}]


def test_j4_nulls(tmp_path: Path) -> None:
    """J4: cells can be told to mean that there is no value."""
    path = written(tmp_path, "a.csv", b"a,b,c\nNULL,\\N,null\n")
    assert rows_of(path, nulls=("NULL", "\\N")) == [{"c": "null"}]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"encoding": "latin-1"}, "encoding must be one of"),
        ({"delimiter": ";;"}, "delimiter must be one"),
        ({"skip_lines": -1}, "skip_lines must be 0"),
    ],
)
def test_wrong_options(options: dict[str, object], named: str) -> None:
    """What cannot be used is refused by name."""
    with pytest.raises(GrowingParamException, match=named):
        FileOptions(**options)  # type: ignore[arg-type]
