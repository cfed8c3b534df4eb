"""Compressed files, UTF-16 and JSON arrays, read piece by piece."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growingio_tracker import GrowingIOException
from growingio_tracker.bulk import FileOptions
from growingio_tracker.bulk.chunks import Place
from growingio_tracker.bulk.formats import layout_of
from growingio_tracker.bulk.streams import lines_of_array

from .test_layouts import rows_of, written


def read(path: Path, max_rows: int = 500) -> tuple[list[Any], str]:
    """Return the rows of a file up to what ends the reading, and that."""
    layout = layout_of(path, FileOptions())
    rows: list[Any] = []
    try:
        for chunk in layout.chunks(str(path), Place(), max_rows):
            rows += layout.rows(chunk.data)
    except GrowingIOException as error:
        return rows, str(error)
    return rows, ""


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("max_rows", [1, 500])
@pytest.mark.parametrize("cut", [1, 9, 40, 5000])
def test_j4_cut_off_gzip(tmp_path: Path, quote: str, max_rows: int, cut: int) -> None:
    """J4: of a cut-off gzip every whole row that can be read is read, and then it is said."""
    notes = (os.urandom(40).hex() for _ in range(3000))
    text = "".join(f"{n},{quote}{note}{quote}\n" for n, note in enumerate(notes))
    whole = gzip.compress(f"n,note\n{text}".encode())[:-cut]
    readable = zlib.decompressobj(31).decompress(whole).count(b"\n") - 1
    rows, error = read(written(tmp_path, "a.csv.gz", whole), max_rows)
    assert len(rows) == readable
    assert "cut off" in error
    assert "The rows before that point were read" in error


def test_gzip_members(tmp_path: Path) -> None:
    """Several members, with padding between them, are one file."""
    content = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n") + b"\0" * 100
    assert read(written(tmp_path, "a.csv.gz", content)) == ([{"a": "1"}, {"a": "2"}], "")


def test_gzip_with_something_behind_it(tmp_path: Path) -> None:
    """What stands behind the compressed data is no data, and is said."""
    rows, error = read(written(tmp_path, "a.csv.gz", gzip.compress(b"a\n1\n") + b"junk"))
    assert rows == [{"a": "1"}]
    assert error


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("text", ['[{"a":1},{"a":2}]', ' [\n {"a": 1},\r\n\n{"a" : 2} ]\n'])
def test_j4_array(tmp_path: Path, text: str, compress: bool) -> None:
    """J4: a JSON array is read element by element, however it is laid out."""
    content = gzip.compress(text.encode()) if compress else text.encode()
    path = written(tmp_path, "a.json.gz" if compress else "a.json", content)
    assert read(path) == ([{"a": 1}, {"a": 2}], "")
    assert read(path, 1) == ([{"a": 1}, {"a": 2}], "")


@pytest.mark.parametrize("text", ['[{"a":1},', '[{"a":1},{"a":', '[{"a":1}] x', '[{"a":1}]]'])
def test_j4_broken_array(tmp_path: Path, text: str) -> None:
    """J4: an array that is cut off, or has something behind it, is never read without a word."""
    rows, error = read(written(tmp_path, "a.json", text.encode()))
    assert rows in ([], [{"a": 1}])
    assert "array" in error


def test_resumed_array(tmp_path: Path) -> None:
    """Reading on from the end of any chunk of an array gives the rows behind it."""
    path = written(tmp_path, "a.json", b"[" + b",".join(b'{"a":%d}' % n for n in range(9)) + b"]")
    layout = layout_of(path, FileOptions())
    for chunk in layout.chunks(str(path), Place(), 2):
        assert rows_of(path, start=chunk.end) == [{"a": n} for n in range(chunk.end.rows, 9)]


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()))), st.data()
)
def test_any_array(objects: list[dict[str, Any]], data: st.DataObject) -> None:
    """Arrays of anything, in pieces of any size, are lines of the same."""
    text = json.dumps(objects, ensure_ascii=data.draw(st.booleans())).encode()
    size = data.draw(st.integers(1, 20))
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert [
        json.loads(line) for line in b"".join(lines_of_array(pieces)).split(b"\n") if line
    ] == objects


def test_utf16_cut_off(tmp_path: Path) -> None:
    """Half a character at the end is said."""
    path = written(tmp_path, "a.csv", "a\n1\n".encode("utf-16") + b"x")
    rows, error = read(path)
    assert rows == [{"a": "1"}]
    assert "cut off" in error
