"""Import of requests from exports, recordings, curl commands and bare bodies.

The format is detected from the beginning. Events that were exported with their problems keep them:
a new check would know neither their neighbours nor the request's headers.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec

from growingio_collector.decode.json_reading import looks_like_json
from growingio_collector.receiving.curl import is_curl, read_curl
from growingio_collector.receiving.recorded import (
    Line,
    Recorded,
    is_recorded,
    read_line,
    read_recorded,
    requests_of,
)
from growingio_collector.rules.bodies import MAX_BODY_BYTES
from growingio_collector.rules.issue import RULES, Issue
from growingio_wire.errors import invalid
from growingio_wire.table import SCHEMAS, Kind

MAX_WHOLE_BYTES: Final = 100_000_000
"""Maximum size of formats that are not line by line, which are read as a whole."""

_MAX_LINE_BYTES: Final = 2 * MAX_BODY_BYTES
_LINES_AT_ONCE: Final = 500
_BEGINNING: Final = 100_000
"""Bytes from which the format is detected."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LISTED: Final = b'{"events"'
_CSV_START: Final = b"id,received,"
_CELL: Final = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|\Z)')
_FORMULA: Final = re.compile(r"'[=+\-@\t\r]")

Groups = AsyncIterator[Iterable[Recorded]]


async def requests_in(chunks: AsyncIterator[bytes]) -> Groups:
    """Yield the requests in the content, a portion at a time.

    :raises GrowingParamException: if it is in no known format, or a part of it cannot be read.
    """
    beginning = b""
    async for chunk in chunks:
        beginning += chunk
        if len(beginning) > _BEGINNING:
            break
    beginning = beginning.removeprefix(_BYTE_ORDER_MARK)
    if _is_line(beginning):
        async for lines in _lines(beginning, chunks):
            yield requests_of(lines)
        return
    content = beginning + await _rest(chunks, MAX_WHOLE_BYTES - len(beginning))
    yield _whole(content)


def _is_line(beginning: bytes) -> bool:
    """Tell whether it begins with an exported event, one a line."""
    first = beginning.lstrip().partition(b"\n")[0]
    is_listed = first.startswith(_LISTED)
    return first.startswith(b"{") and b'"kind"' in first and not (is_listed or is_recorded(first))


async def _rest(chunks: AsyncIterator[bytes], most: int) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > most:
            raise invalid(
                f"The body is over {MAX_WHOLE_BYTES:,} bytes; split it.",
                f"内容超过 {MAX_WHOLE_BYTES:,} 字节；请拆分后再导入。",
            )
    return bytes(content)


async def _lines(beginning: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[list[Line]]:
    waiting: list[Line] = []
    number, size = 0, 0
    async for text in _split(beginning, chunks):
        number += 1
        try:
            waiting += [read_line(text)] if text.strip() else []
        except msgspec.MsgspecError as error:
            yield waiting
            raise invalid(
                f"Line {number} is not an event ({error}). The lines before it are imported.",
                f"第 {number} 行不是事件（{error}）。之前的行已导入。",
            ) from error
        size += len(text)
        if len(waiting) == _LINES_AT_ONCE or size > MAX_BODY_BYTES:
            yield waiting
            waiting, size = [], 0
    yield waiting


async def _split(rest: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    *lines, rest = rest.split(b"\n")
    for line in lines:
        yield line
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > _MAX_LINE_BYTES:
            raise invalid(
                f"A line is over {_MAX_LINE_BYTES:,} bytes.",
                f"有一行超过 {_MAX_LINE_BYTES:,} 字节。",
            )
    yield rest


class _Listed(msgspec.Struct):
    """The API's response to a query for events, newest first."""

    events: list[Line]


_read_listed: Final = msgspec.json.Decoder(_Listed).decode
_read_array: Final = msgspec.json.Decoder(list[Line]).decode


def _whole(content: bytes) -> Iterable[Recorded]:
    """Return the requests of content that is not a sequence of lines."""
    if content.startswith(_CSV_START):
        return _in_portions(list(_table(content.decode("utf-8", "replace"))))
    if is_recorded(content):
        return read_recorded(content)
    text = content.decode("utf-8", "replace")
    if is_curl(text):
        return [read_curl(text, files=False)]
    return _json(content)


def _json(content: bytes) -> Iterable[Recorded]:
    readings: tuple[Callable[[], Sequence[Line]], ...] = (
        lambda: _read_listed(content).events[::-1],
        lambda: _read_array(content),
    )
    for read in readings:
        try:
            return _in_portions(read())
        except msgspec.MsgspecError:
            continue
    if not looks_like_json(content):
        raise invalid(
            "The content is in no known format: it must be an export (ndjson, csv or requests), a "
            "recording, a curl command, or a JSON array of messages.",
            "无法识别内容的格式：应为导出文件（ndjson、csv 或 requests）、录制文件、curl 命令，"
            "或消息的 JSON 数组。",
        )
    # Problems of a bare body are reported as for any received one.
    path = SCHEMAS[Kind.EVENT].path.format("imported")
    return [Recorded(target=path, headers=(("content-type", "application/json"),), body=content)]


def _in_portions(lines: Sequence[Line]) -> Iterator[Recorded]:
    rest = iter(lines)
    while some := list(islice(rest, _LINES_AT_ONCE)):
        yield from requests_of(some)


def _table(text: str) -> Iterator[Line]:
    """Yield the events of an exported table; a cell may be longer than the csv module takes."""
    rows = _rows(text)
    headings = next(rows)
    for number, row in enumerate(rows, 2):
        cells = dict(zip(headings, map(_unescaped, row), strict=False))
        try:
            yield _of_row(cells)
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            raise invalid(
                f"Row {number} is not an event ({error!r}).",
                f"第 {number} 行不是事件（{error!r}）。",
            ) from error


def _rows(text: str) -> Iterator[list[str]]:
    row: list[str] = []
    for found in _CELL.finditer(text):
        quoted, plain, end = found.groups()
        row.append(plain if quoted is None else quoted.replace('""', '"'))
        if end != ",":
            if row != [""]:
                yield row
            row = []


def _unescaped(cell: str) -> str:
    return cell[1:] if _FORMULA.match(cell) else cell


def _of_row(cells: dict[str, str]) -> Line:
    return Line(
        kind=cells["kind"],
        message=msgspec.Raw(cells["message"]),
        project=cells["project"] or None,
        run=cells["run"] or None,
        client=cells["client"] or None,
        received_ms=round(datetime.fromisoformat(cells["received"]).timestamp() * 1000),
        problems=tuple(map(_issue, cells["problems"].split())),
    ).checked()


def _issue(code: str) -> Issue:
    """Return an issue with nothing but its code."""
    level = RULES[code].level if code in RULES else "warn"
    return Issue(code, level)
