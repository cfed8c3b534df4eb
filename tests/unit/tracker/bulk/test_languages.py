"""What imports say, in both languages."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from growingio_tracker import GrowingError
from growingio_tracker.bulk import FileOptions, Query, RowMapping, Source
from growingio_tracker.bulk.checkpoint import Checkpoint, ImportState, file_identity
from growingio_tracker.bulk.chunks import GB18030, UTF_8, Place, too_long
from growingio_tracker.bulk.formats import layout_of
from growingio_tracker.bulk.mapping import RowKind
from growingio_tracker.bulk.ndjson import NdjsonLayout
from growingio_tracker.bulk.outcomes import FailedRowsFile
from growingio_tracker.bulk.plan import FilePlan
from growingio_tracker.bulk.platform_files import PlatformFiles
from growingio_tracker.bulk.query import key_text, query_layout, whole_keys
from growingio_tracker.bulk.rows import BadRow, Converter, RowOptions
from growingio_tracker.bulk.streams import MAX_ROW_BYTES, CutOffError, lines_of_array
from growingio_tracker.delivery import Destination
from growingio_wire.http import Request
from growingio_wire.plan.reading import read_plan
from growingio_wire.said import Said

PLAN: Final = read_plan(
    b"""
events:
  order_paid: {attributes: {amount: {type: number, required: true, min: 0}, channel: {enum: [web]}}}
  strict: {additional: refuse, attributes: {sku: string}}
users: {keys: [phone]}
""",
    "x",
).plan
TO_BE_KEPT: Final = re.compile(r"\d+|\w+_\w+|'[^']*'|--[\w-]+|\x22[^\x22]*\x22|[\w/.]*\.\w+\b")
"""Numbers, names, values, options and paths, which stay as they are."""


def check(said: Said, *words: str) -> None:
    """Check that a sentence is Chinese in Chinese, and keeps names and values."""
    assert re.search(r"[\u4e00-\u9fff]", said.zh), said
    assert not re.search(r"[\u4e00-\u9fff]", said.en), said
    kept = [*(one.replace(",", "") for one in TO_BE_KEPT.findall(said.en)), *words]
    assert [one for one in kept if one not in said.zh.replace(",", "")] == [], said


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b'a,b\n1,"x\n\ny\n', "has a quote that is never closed"),
        ("a.csv", b'a,b\n1,"x\n\ny\n', "belongs to a row above, which has a quote"),
        ("a.csv", b'a,b\n1,"x"y\n', "has text after a closing quote"),
        ("a.csv", b"a,b\n1,x\ry\n", "has a carriage return inside a cell"),
        ("a.csv", b"a,b\n1,2,3\n", "has 3 cells, and the header 2"),
        ("a.csv", b'a,b\n1,"2\n",3\n', "the header 2; a quote may be unclosed"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 20 + b"1,\xff\n", "contains bytes that are invalid"),
        ("a.csv", b"a,b\n1,\0\n", "contains a NUL character"),
        ("a.ndjson", b"[1]\n", "is not a JSON object"),
        ("a.ndjson", b'{"a":1}\n' * 20 + b'{"a":"\xff"}\n', "is not a JSON object"),
        ("a.ndjson", '{"价格":1}\n'.encode(GB18030) * 20 + b'{"a":"\xff"}\n', "contains bytes"),
    ],
)
def test_bad_rows(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    """A row that cannot be read fails with a sentence about it in either language."""
    path = tmp_path / name
    path.write_bytes(content)
    layout = layout_of(path, FileOptions())
    rows = [row for one in layout.chunks(str(path), Place(), 99) for row in layout.rows(one.data)]
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert any(reason in row.reason.en for row in bad)
    failed = Converter("event", RowMapping.by_name("event"), HERE).convert(bad).failed
    for _, why in failed:
        check(why)
        assert why.en.startswith("the row ")
        assert why.zh.startswith("该行")


HERE: Final = Destination("p", "d", "http://s")
EVENT: Final = {"event_name": "order_paid", "login_user_id": "u", "amount": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"event_time": "20240105"}, "event_time is written as %Y%m%d"),
        ({"event_time": "05/01/2024"}, "ambiguous order of day and month"),
        ({"event_time": "45296.333"}, "serial date of Excel"),
        ({"event_time": "soon"}, "event_time is not what the mapping declares"),
        ({"number": "x"}, "number_ is not what the mapping declares (str cannot be converted)"),
        ({"props": "x"}, "props must hold an object, got str"),
        ({"text": "y" * 2000}, "bytes long, and max_event_bytes is 2000"),
        ({"login_user_id": None}, "both missing"),
        ({"raw": b"\xff"}, "attributes.raw (bytes)"),
        ({"raw": float("nan")}, "attributes.raw (float)"),
        ({"raw": "\ud800"}, "attributes.raw (str)"),
        ({"amount": None}, "amount is missing"),
        ({"amount": -1}, "amount must be within"),
        ({"amount": "x"}, "amount must be of type number, got str"),
        ({"channel": "tv"}, "channel must be one of 'web'"),
        ({"sku": "a"}, "sku is planned for strict, but not for order_paid"),
        ({"event_name": "order_piad"}, "order_piad is not planned; did you mean order_paid?"),
        ({"event_name": "strict", "skus": 1}, "skus is not planned for strict; did you mean sku?"),
        ({"login_user_key": "mail"}, "login_user_key must be one of 'phone'"),
    ],
)
def test_failed_conversions(row: dict[str, Any], reason: str) -> None:
    """A row that cannot be sent fails with a sentence about it in either language."""
    by_name = RowMapping.by_name("event").fields
    attributes: dict[str, str | Source] = {"number_": Source("number", type="int")}
    mapping = RowMapping(by_name, attributes, spread=("props",))
    options = RowOptions(max_event_bytes=2000, tracking_plan=PLAN)
    [(_, why)] = Converter("event", mapping, HERE, options).convert([{**EVENT, **row}]).failed
    assert reason in why.en
    check(why)


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _read(path: Path) -> None:
    for _ in layout_of(path, FileOptions()).chunks(str(path), Place(), 1):
        pass


def _changed(folder: Path) -> None:
    path = _file(folder, "a.ndjson", b"{}\n")
    plan = FilePlan(path, layout_of(path, FileOptions()), RowMapping())
    owner = plan.owner("event", ("p",))
    path.write_bytes(b"{}\n{}\n")
    plan.check_unchanged(owner)


def _closed(folder: Path) -> None:
    owner = file_identity(_file(folder, "a.csv", b""), "event", ("p",))
    checkpoint = Checkpoint(folder / "c", owner)
    checkpoint.close()
    checkpoint.save(ImportState())


def _converter(kind: RowKind, **fields: str | Source) -> Converter:
    return Converter(kind, RowMapping(fields), HERE)


def _too_long(_: Path) -> None:
    raise too_long("a.csv", 7)


ERRORS: Final[dict[str, Callable[[Path], object]]] = {
    "the compressed data is cut off": lambda at: _read(
        _file(at, "a.csv.gz", gzip.compress(b"a\n" + b"1\n" * 9999)[:-9])
    ),
    "the last character is cut off": lambda at: _read(
        _file(at, "a.csv", b"\xff\xfea\0\n\x001\0\n\x002\0\n\0x")
    ),
    "the JSON array is cut off": lambda at: _read(_file(at, "a.json", b'[{"a":1},')),
    "more data after the JSON array": lambda at: _read(_file(at, "a.json", b'[{"a":1}] {}')),
    "the row at byte 7 is longer than": _too_long,
    "cannot be read: ": lambda at: _read(_file(at, "a.csv", b"\x1f\x8bbroken")),
    "nothing was imported": lambda at: file_identity(at / "a.csv", "event", ()),
    "the checkpoint ": lambda at: Checkpoint(at / "none" / "c", ImportState()),
    "is closed; the import has ended": _closed,
    "changed while it was being read": _changed,
    "the failed rows cannot be written": lambda at: FailedRowsFile(
        at / "none" / "f", NdjsonLayout(UTF_8), 0
    ).add([(b"{}", "x")]),
    "the import files cannot be written": lambda at: PlatformFiles(at / "none").exchange(
        Request("http://s", b'[{"key":"k","id":"1"}]', {}, 1)
    ),
    "rows whose key is NULL": lambda _: list(whole_keys([[(None,)]], 0)),
    "a list cannot be a key": lambda _: key_text([]),
    "cannot be read: OperationalError": lambda _: query_layout(Query("select x", "sqlite://")),
    "the time zone 'Here' is unknown": lambda _: _converter(
        "user", login_user_id="u", event_time=Source("t", zone="Here")
    ),
    "skip_lines must be 0 or more": lambda _: FileOptions(skip_lines=-1),
}


@pytest.mark.parametrize("words", ERRORS)
def test_errors(tmp_path: Path, words: str) -> None:
    """An error that ends an import, or keeps it from beginning, is told in either language."""
    with pytest.raises(GrowingError) as caught:
        ERRORS[words](tmp_path)
    assert words in str(caught.value) == caught.value.said.en
    check(caught.value.said)


def test_long_elements() -> None:
    """An element of an array that is too long is told in either language."""

    def parts() -> Iterator[bytes]:
        yield b'["'
        yield b"x" * (MAX_ROW_BYTES + 1)

    with pytest.raises(CutOffError) as caught:
        list(lines_of_array(parts()))
    check(caught.value.said)


@pytest.mark.parametrize("encoding", [UTF_8, GB18030])
def test_reasons_that_are_replaced(encoding: str) -> None:
    """A reason gives way to a newer one, whatever its characters look like byte by byte."""
    layout = NdjsonLayout(encoding)
    before = layout.failed_row(b'{"a":1}', "“誠\\” 乗")
    assert encoding == UTF_8 or b'\\"' in "乗".encode(encoding) + b'"'
    assert layout.failed_row(before, "后来") == '{"growingio_import_error":"后来","a":1}\n'.encode(
        encoding
    )
