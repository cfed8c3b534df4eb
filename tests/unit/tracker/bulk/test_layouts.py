"""CSV, NDJSON and Parquet: rows, chunks and failed rows."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from growingio_tracker import GrowingIOException, GrowingParamException, MissingExtraError
from growingio_tracker.bulk import FileOptions
from growingio_tracker.bulk.chunks import CHUNK_BYTES, Place
from growingio_tracker.bulk.csv_cells import cells_of, cells_of_text
from growingio_tracker.bulk.formats import layout_of
from growingio_tracker.bulk.rows import BadRow


def rows_of(path: Path, max_rows: int = 500, start: Place = Place(), **options: Any) -> list[Any]:  # noqa: B008
    """Return every row of a file from a place on."""
    found = layout_of(path, FileOptions(**options))
    chunks = found.chunks(str(path), start, max_rows)
    return [row for chunk in chunks for row in found.rows(chunk.data)]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@given(text('a,"\r\n\0é ', max_size=40), integers(1, 4))
def test_cells_without_quotes(content: str, max_rows: int) -> None:
    """Lines that are cut at the delimiters have the cells, and are counted, as those with quotes.

    It depends on its neighbours in a chunk how a row is read, but not what is read.
    """
    wanted = list(cells_of(io.StringIO(content, newline="\n"), ","))
    while wanted and wanted[-1] == []:
        wanted.pop()
    found = list(cells_of_text(content, ","))
    while found and found[-1] == []:
        found.pop()
    assert found == wanted
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "a.csv", b"a,b\n" + content.encode())
        layout = layout_of(path, FileOptions(encoding="utf-8"))
        done = 0
        for chunk in layout.chunks(str(path), Place(), max_rows):
            rows = list(layout.rows(chunk.data))
            assert len(rows) == len(layout.raw_rows(chunk.data)) == chunk.end.rows - done
            done = chunk.end.rows


TRICKY = b'id,note\r\n1,"two\r\nlines"\r\n2,"a ""quote"", and\n\nblank"\r\n\r\n3,5" disk\r\n4,last'
TRICKY_ROWS = [
    {"id": "1", "note": "two\r\nlines"},
    {"id": "2", "note": 'a "quote", and\n\nblank'},
    {"id": "3", "note": '5" disk'},
    {"id": "4", "note": "last"},
]


@pytest.mark.parametrize("max_rows", [1, 2, 3, 500])
def test_csv_quotes(tmp_path: Path, max_rows: int) -> None:
    """Quoted line ends, doubled quotes and quotes amid a cell are read right in chunks of any
    size."""
    assert rows_of(written(tmp_path, "a.csv", TRICKY), max_rows) == TRICKY_ROWS


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
@pytest.mark.parametrize("max_rows", [1, 2, 3])
def test_places(tmp_path: Path, name: str, max_rows: int) -> None:
    """Reading on from the end of any chunk, compressed or not, gives the rows behind it."""
    content = TRICKY if name == "a.csv" else b'{"id":1}\n\n{"id":2}\r\n{"id":3}\n{"id":4}'
    for path in (
        written(tmp_path, name, content),
        written(tmp_path, name + ".gz", gzip.compress(content)),
    ):
        found = layout_of(path, FileOptions())
        everything = rows_of(path)
        for chunk in found.chunks(str(path), Place(), max_rows):
            assert rows_of(path, start=chunk.end) == everything[chunk.end.rows :]
        assert chunk.end.rows == len(everything) == 4
        assert chunk.part == 1.0


@pytest.mark.parametrize("content", [TRICKY, TRICKY.replace(b'"', b"")])
def test_csv_raw_rows(tmp_path: Path, content: bytes) -> None:
    """The raw rows of a chunk stand one for one beside its rows, and together are the file."""
    path = written(tmp_path, "a.csv", content)
    found = layout_of(path, FileOptions())
    for chunk in found.chunks(str(path), Place(), 500):
        raw = found.raw_rows(chunk.data)
        assert len(raw) == len(list(found.rows(chunk.data)))
        assert b"".join(raw).split() == chunk.data.split()


def test_csv_empty_cell(tmp_path: Path) -> None:
    """An empty cell is a missing value, and a column without a name is no column."""
    path = written(tmp_path, "a.csv", b"a,b,\n1,,x\n")
    assert rows_of(path) == [{"a": "1"}]


def test_csv_width(tmp_path: Path) -> None:
    """A row with too few or too many cells is bad, and the others are not."""
    rows = rows_of(written(tmp_path, "a.csv", b"a,b\n1\n1,2\n1,2,3\n"))
    assert [type(row) for row in rows] == [BadRow, dict, BadRow]


def test_csv_carriage_return(tmp_path: Path) -> None:
    """A lone carriage return in a cell without quotes makes one bad row."""
    rows = rows_of(written(tmp_path, "a.csv", b"a,b\n1,x\ry\n1,2\n"))
    assert [type(row) for row in rows] == [BadRow, dict]


def test_csv_open_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that is never closed ends reading, before it fills the memory."""
    monkeypatch.setattr("growingio_tracker.bulk.csv_rows.MAX_ROW_BYTES", 1000)
    path = written(tmp_path, "a.csv", b'a,b\n1,"x\n' + b"1,2\n" * 1000)
    with pytest.raises(GrowingIOException, match="byte 4 is longer than"):
        rows_of(path)


@pytest.mark.parametrize("max_rows", [1, 2, 3, 500])
@pytest.mark.parametrize("note", [b'"cut off', b'"cut off"!'])
def test_j4_csv_open_quote_at_the_end(tmp_path: Path, max_rows: int, note: bytes) -> None:
    """J4: rows behind a quote that is not closed are no cell of a good row: each is bad."""
    content = b"a,b\n1,x\n2," + note + b"\n\n" + b"3,y\n4,z"
    path = written(tmp_path, "a.csv", content)
    found = layout_of(path, FileOptions())
    kinds: list[type] = []
    for chunk in found.chunks(str(path), Place(), max_rows):
        rows = list(found.rows(chunk.data))
        assert len(found.raw_rows(chunk.data)) == len(rows)
        kinds += map(type, rows)
    assert chunk.end.rows == len(kinds) == 4
    assert kinds == [dict, BadRow, *[BadRow if note[-1:] == b"f" else dict] * 2]
    raw = [
        one for chunk in found.chunks(str(path), Place(), 500) for one in found.raw_rows(chunk.data)
    ]
    assert b"".join(raw).split() == content.split()[1:]


def test_csv_quote_closed_in_another_row(tmp_path: Path) -> None:
    """Where the next quote shows that one was left open, the lines up to there are bad."""
    content = b'a,b\n1,"cut off\n2,y\n3,"x, y"\n4,z\n'
    assert [type(row) for row in rows_of(written(tmp_path, "a.csv", content))] == [
        BadRow, BadRow, BadRow, dict,
    ]  # fmt: skip


def test_csv_nul(tmp_path: Path) -> None:
    """A row that holds a NUL is bad, and the others are not."""
    rows = rows_of(written(tmp_path, "a.csv", b"a,b\n1,x\0y\n2,z\n"))
    assert [type(row) for row in rows] == [BadRow, dict]


@pytest.mark.parametrize("limit", [10, 131_072])
@pytest.mark.parametrize("quoted", [True, False])
def test_j2_csv_limit_of_the_process(
    tmp_path: Path, field_size_limit: Callable[[int], None], limit: int, quoted: bool
) -> None:
    """J2: csv's limit of the process is left as it is, and has no say."""
    field_size_limit(limit)
    cell = 'a "quote",\n' * 20_000 if quoted else "x" * 200_000
    written_cell = f'"{cell.replace(chr(34), chr(34) * 2)}"' if quoted else cell
    path = written(tmp_path, "a.csv", f"a,b,c\r\n1,{written_cell},\r\n2,y,z\r\n".encode())
    assert rows_of(path) == [{"a": "1", "b": cell}, {"a": "2", "b": "y", "c": "z"}]
    assert csv.field_size_limit() == limit


@pytest.fixture
def field_size_limit() -> Iterator[Callable[[int], object]]:
    """Return what sets csv's limit until the test is over."""
    before = csv.field_size_limit()
    yield csv.field_size_limit
    csv.field_size_limit(before)


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_endless_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A line without an end ends reading, before it fills the memory."""
    monkeypatch.setattr("growingio_tracker.bulk.chunks.MAX_ROW_BYTES", 1000)
    path = written(tmp_path, name, b"a\n" + b"x" * 5000)
    with pytest.raises(GrowingIOException, match="is longer than"):
        rows_of(path)


def test_huge_line(tmp_path: Path) -> None:
    """A cell of ten megabytes is read."""
    path = written(tmp_path, "a.csv", b"a,b\n1," + b"x" * 10_000_000 + b"\n2,y\n")
    assert [len(row["b"]) for row in rows_of(path)] == [10_000_000, 1]


def test_chunk_bytes(tmp_path: Path) -> None:
    """A chunk ends with the row that makes it longer than a megabyte."""
    path = written(tmp_path, "a.csv", b"a\n" + (b"x" * 300_000 + b"\n") * 10)
    chunks = layout_of(path, FileOptions()).chunks(str(path), Place(), 500)
    assert max(len(chunk.data) for chunk in chunks) < CHUNK_BYTES + 300_002


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.ndjson"])
def test_j4_encodings(tmp_path: Path, name: str, encoding: str, told: bool) -> None:
    """J4: encodings are found, or told; UTF-16 without a mark has to be told."""
    text = {"csv": "用户,值\n甲,乙\n", "tsv": "用户\t值\n甲\t乙\n"}.get(
        name[2:], '{"用户":"甲","值":"乙"}\n'
    )
    path = written(tmp_path, name, text.encode(encoding))
    if not told and encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(GrowingParamException, match="encoding"):
            rows_of(path)
    else:
        rows = rows_of(path, encoding=encoding if told else None)
        assert rows == [{"用户": "甲", "值": "乙"}]


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_damaged_bytes(tmp_path: Path, name: str) -> None:
    """Behind the beginning of a file, a row with bytes that are no text is bad by itself."""
    good = b"1,2\n" if name == "a.csv" else b'{"a":"1"}\n'
    head = b"a,b\n" if name == "a.csv" else b""
    path = written(tmp_path, name, head + good * 40_000 + good.replace(b"1", b"\xff\xfe") + good)
    rows = rows_of(path)
    assert [place for place, row in enumerate(rows) if isinstance(row, BadRow)] == [40_000]
    assert len(rows) == 40_002


def test_delimiter(tmp_path: Path) -> None:
    """Another delimiter can be declared."""
    assert rows_of(written(tmp_path, "a.csv", b"a;b\n1;2\n"), delimiter=";") == [
        {"a": "1", "b": "2"}
    ]


def test_ndjson_bad_lines(tmp_path: Path) -> None:
    """A line that is not a JSON object is bad, and the others are not."""
    path = written(tmp_path, "a.jsonl", b'{"a":1}\n[1]\n{"a":\n"x"\n{"a":2}\n')
    assert [type(row) for row in rows_of(path)] == [dict, BadRow, BadRow, BadRow, dict]


def test_ndjson_failed_rows(tmp_path: Path) -> None:
    """A failed line has the reason before it, stays as it is, and has the newer reason later."""
    found = layout_of(written(tmp_path, "a.ndjson", b""), FileOptions())
    failed = found.failed_row(b'{"a": 1, broken', 'why "so"')
    assert failed == b'{"growingio_import_error":"why \\"so\\"","a": 1, broken\n'
    again = found.failed_row(failed, "later")
    assert again == b'{"growingio_import_error":"later","a": 1, broken\n'
    assert found.failed_row(b"{}", "x") == b'{"growingio_import_error":"x"}\n'
    assert b'"growingio_import_line":"[1]"' in found.failed_row(b"[1]\r", "x")


def test_csv_failed_rows(tmp_path: Path) -> None:
    """A failed row has the reason before it, stays as it is, and has the newer reason later."""
    found = layout_of(written(tmp_path, "a.csv", b"a,b\n"), FileOptions())
    failed = found.failed_head() + found.failed_row(b'1,"x', 'why, "so"')
    assert failed == b'growingio_import_error,a,b\n"why, ""so""",1,"x\n'
    again = layout_of(written(tmp_path, "b.csv", failed), FileOptions())
    assert again.failed_head() == b"growingio_import_error,a,b\n"
    assert again.failed_row(b"why,1,2\r\n", "later") == b"later,1,2\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "has no header"), (b"\n1,2\n", "has no header"), (b"a,a\n1,2\n", "twice")],
)
def test_csv_header(tmp_path: Path, content: bytes, message: str) -> None:
    """A file without a usable header is refused."""
    with pytest.raises(GrowingParamException, match=message):
        rows_of(written(tmp_path, "a.csv", content))


def test_damaged_gzip(tmp_path: Path) -> None:
    """A compressed file that breaks off is an error, behind the rows before the break."""
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % number for number in range(100_000)))
    path = written(tmp_path, "a.ndjson.gz", whole[: len(whole) // 2])
    found = layout_of(path, FileOptions())
    chunks = found.chunks(str(path), Place(), 500)
    assert next(chunks).end.rows == 500
    with pytest.raises(GrowingIOException, match="is readable only in part"):
        list(chunks)


@pytest.mark.parametrize("name", ["a.txt", "missing.csv"])
def test_unusable_file(tmp_path: Path, name: str) -> None:
    """A file that is not there, or whose name says no format, is refused."""
    written(tmp_path, "a.txt", b"x")
    with pytest.raises(GrowingParamException):
        rows_of(tmp_path / name)


@pytest.fixture
def typed(tmp_path: Path) -> Path:
    """A Parquet file of many types, with ten rows in three row groups."""
    count = 10
    table = pyarrow.table(
        {
            "id": pyarrow.array([f"{number:05}" for number in range(count)]),
            "amount": pyarrow.array([Decimal("1.50")] * count, pyarrow.decimal128(10, 2)),
            "at": pyarrow.array(
                [datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)] * count,
                pyarrow.timestamp("us", "UTC"),
            ),
            "tags": pyarrow.array([["a", "b"]] * count),
            "info": pyarrow.array([{"x": 1}] * count),
            "gone": pyarrow.array([None, 2] * (count // 2), pyarrow.int64()),
        }
    )
    path = tmp_path / "typed.parquet"
    pyarrow.parquet.write_table(table, path, row_group_size=4)
    return path


def test_parquet_types(typed: Path) -> None:
    """The values of Parquet keep their types, and a missing one is None."""
    first = rows_of(typed)[0]
    assert first == {
        "id": "00000",
        "amount": Decimal("1.50"),
        "at": datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc),
        "tags": ["a", "b"],
        "info": {"x": 1},
        "gone": None,
    }


@pytest.mark.parametrize("max_rows", [1, 3, 4, 500])
def test_parquet_places(typed: Path, max_rows: int) -> None:
    """Reading on from the end of any chunk gives the rows behind it."""
    found = layout_of(typed, FileOptions())
    for chunk in found.chunks(str(typed), Place(), max_rows):
        ids = [row["id"] for row in rows_of(typed, max_rows, chunk.end)]
        assert ids == [f"{number:05}" for number in range(chunk.end.rows, 10)]
    assert (chunk.end.rows, chunk.part) == (10, 1.0)


def test_parquet_failed_rows(typed: Path) -> None:
    """Failed rows of Parquet are NDJSON that can be read again."""
    found = layout_of(typed, FileOptions())
    chunk = next(found.chunks(str(typed), Place(), 2))
    failed = found.failed_row(found.raw_rows(chunk.data)[1], "why")
    [row] = rows_of(written(typed.parent, "f" + found.failed_suffix, failed))
    assert (row["id"], row["tags"], row["growingio_import_error"]) == ("00001", ["a", "b"], "why")


def test_j4_damaged_parquet(tmp_path: Path) -> None:
    """J4: a page whose checksum does not fit ends the reading, so that nothing altered is sent."""
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"text": ["some text that is long"] * 9})
    pyarrow.parquet.write_table(
        table, path, compression="none", use_dictionary=False, write_page_checksum=True
    )
    content = path.read_bytes()
    path.write_bytes(content.replace(b"some", b"same"))
    with pytest.raises(GrowingIOException, match="is readable only in part"):
        rows_of(path)


def test_no_parquet(tmp_path: Path) -> None:
    """A file that is no Parquet is refused."""
    with pytest.raises(GrowingParamException, match="not a readable Parquet"):
        rows_of(written(tmp_path, "a.parquet", b"PAR1 nonsense"))


def test_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the error has the line that installs it."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"growingio_tracker\[parquet\]"):
        rows_of(written(tmp_path, "a.parquet", b""))
