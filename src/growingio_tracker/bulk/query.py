"""Database queries as sources of rows, ordered by a key and resumable after it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from growingio_tracker.bulk.cells import plain
from growingio_tracker.bulk.checkpoint import ImportState, digest
from growingio_tracker.bulk.chunks import Chunk, Key, Place
from growingio_tracker.bulk.database import Database
from growingio_tracker.bulk.mapping import RowMapping
from growingio_tracker.bulk.ndjson import TypedRows
from growingio_tracker.bulk.typed import Row
from growingio_wire.checks import check_fields
from growingio_wire.errors import GrowingIOException, invalid
from growingio_wire.near import hint, hint_zh
from growingio_wire.said import Said

MAX_SAME_KEY: Final = 100_000
"""Maximum number of rows with the same key: an import can only continue after all of them."""

_NULL_KEYS: Final = Said(
    "there are rows whose key is NULL; exclude them here, and import them with a separate query "
    "(… where KEY is null) without a key",
    "有 key 为 NULL 的行；请在此查询中排除它们，并用另一个不带 key 的查询"
    "（… where KEY is null）导入",
)
_SAME_KEY: Final = Said(
    f"more than {MAX_SAME_KEY} rows have the same key; choose a more selective one",
    f"超过 {MAX_SAME_KEY} 行的 key 相同；请选择重复较少的列",
)

_Cells: TypeAlias = tuple[Any, ...]


class Query(Struct, frozen=True):
    """A query whose rows are imported.

    :param sql: a ``select`` in the database's dialect.
    :param dsn: the SQLAlchemy URL of the database, such as
        ``postgresql://USER:PASSWORD@HOST/NAME``, ``mysql+pymysql://…`` or ``sqlite:///FILE``.
    :param key: a column of the result, ideally unique and indexed. Rows are read in its order, an
        interrupted import continues after the last key, and a later run imports only new rows.
        ``None`` runs the query unchanged; such an import cannot be resumed.
    """

    sql: str
    dsn: str
    key: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    def __repr__(self) -> str:
        return f"Query(sql={self.sql!r}, dsn='***', key={self.key!r})"


class QueryIdentity(Struct, frozen=True):
    """Identity of a query's import, which its checkpoint must match."""

    sql: str
    database: str
    key: str | None
    kind: str
    destination: str


class QueryLayout(TypedRows, frozen=True):
    """Rows of a query's result. A chunk is a list of rows."""

    def rows(self, data: list[_Cells]) -> Iterator[Row]:
        """See :class:`~growingio_tracker.bulk.chunks.Layout`."""
        columns = self.columns
        for cells in data:
            yield {
                name: plain(cell)
                for name, cell in zip(columns, cells, strict=True)
                if cell is not None
            }


class QueryPlan(Struct, frozen=True):
    """See :class:`~growingio_tracker.bulk.plan.ImportPlan`."""

    query: Query
    layout: QueryLayout
    mapping: RowMapping

    def __repr__(self) -> str:
        return f"QueryPlan({self.query!r}, {self.mapping!r})"

    @property
    def name(self) -> str:
        """Name of the query, the same at every run."""
        words = (self.query.sql, self.query.key, *Database(self.query.dsn).identity)
        return f"query-{sha256(msgspec.json.encode(words)).hexdigest()[:8]}"

    @property
    def address(self) -> str:
        """URL of the database without secrets."""
        return Database(self.query.dsn).shown

    def owner(self, kind: str, destination: tuple[str, ...]) -> QueryIdentity:
        """See :class:`~growingio_tracker.bulk.plan.ImportPlan`."""
        query = self.query
        asked = Database(query.dsn).identity
        return QueryIdentity(digest(query.sql), digest(asked), query.key, kind, digest(destination))

    def kept_in(self, state_dir: Path | None) -> tuple[Path, Path]:
        """See :class:`~growingio_tracker.bulk.plan.ImportPlan`."""
        folder, name = state_dir or Path.cwd(), self.name
        suffix = self.layout.failed_suffix
        return folder / f"{name}.checkpoint", folder / f"{name}.failed{suffix}"

    def begin(self, state: ImportState) -> ImportState | None:
        """See :class:`~growingio_tracker.bulk.plan.ImportPlan`. Counts start at 0 again."""
        if self.query.key is not None:
            done = ImportState(key=state.key, failed_bytes=state.failed_bytes)
            return done if state.done else state
        if state.rows and not state.done:
            raise invalid(
                f"{self.name} was interrupted after {state.rows} rows, and cannot continue without "
                "a key (--key). To import it from the beginning, remove its checkpoint",
                f"{self.name} 在 {state.rows} 行后中断，没有 key（--key）时无法继续。"
                "如需从头导入，请删除它的检查点",
                "key",
            )
        return None if state.done else state

    def chunks(self, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`~growingio_tracker.bulk.plan.ImportPlan`."""
        query, rows = self.query, start.rows
        after = None if start.key is None else key_value(start.key)
        with Database(query.dsn).rows(query.sql, query.key, after, max_rows) as found:
            parts: Iterator[list[_Cells]] = iter(lambda: found.fetch(max_rows), [])
            index = None if query.key is None else self.layout.columns.index(query.key)
            for part in parts if index is None else whole_keys(parts, index):
                rows += len(part)
                key = None if index is None else key_text(part[-1][index])
                yield Chunk(part, Place(0, rows, key), None)

    def check_unchanged(self, owner: object) -> None:
        """See :class:`~growingio_tracker.bulk.plan.ImportPlan`."""


def query_layout(query: Query) -> QueryLayout:
    """Return the columns of a query.

    :raises GrowingParamException: if they are invalid, or the key is not among them.
    :raises GrowingIOException: if the database cannot be queried.
    :raises MissingExtraError: if SQLAlchemy is not installed.
    """
    with Database(query.dsn).rows(query.sql, None, None, 1) as found:
        columns = found.columns
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise invalid(
            f"the query has the column {twice[0]!r} twice; rename one of them with AS",
            f"查询结果中的列 {twice[0]!r} 重复；请用 AS 改名其中之一",
            "sql",
        )
    if query.key is not None and query.key not in columns:
        raise invalid(
            f"key: the query has no column {query.key!r}{hint(query.key, columns, repr)}",
            f"key：查询结果中没有列 {query.key!r}{hint_zh(query.key, columns, repr)}",
            "key",
        )
    return QueryLayout(columns)


def whole_keys(parts: Iterable[list[_Cells]], index: int) -> Iterator[list[_Cells]]:
    """Yield ordered rows in parts that end where a new key begins.

    An import that continues after a key therefore skips no row with the same key.

    :param index: the index of the key's cell.
    :raises GrowingIOException: if a row has no key, or too many rows have the same key; raised
        after the rows before it.
    """
    held: list[_Cells] = []
    for part in parts:
        keyed = list(takewhile(lambda row: row[index] is not None, part))
        held += keyed
        if len(keyed) < len(part):
            if held:
                yield held
            raise GrowingIOException(_NULL_KEYS)
        end = _end_of_whole(held, index)
        if end:
            yield held[:end]
            held = held[end:]
        elif len(held) > MAX_SAME_KEY:
            raise GrowingIOException(_SAME_KEY)
    if held:
        yield held


def _end_of_whole(rows: list[_Cells], index: int) -> int:
    last = _compared(rows[-1][index])
    end = len(rows)
    while end and _compared(rows[end - 1][index]) == last:
        end -= 1
    return end


def _compared(key: object) -> object:
    """Return a normalized key; keys that a database may consider equal have the same one.

    Collations ignore case, accents and trailing spaces.
    """
    if not isinstance(key, str):
        return key
    letters = unicodedata.normalize("NFKD", key.casefold())
    return "".join(one for one in letters if not unicodedata.combining(one)).rstrip()


_READ: Final[Mapping[str, Callable[[str], object]]] = {
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes.fromhex,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "UUID": UUID,
}


def key_text(value: object) -> Key:
    """Return a key as stored in a checkpoint: the name of its type, and its text.

    :raises GrowingIOException: if a query cannot continue after values of its type.
    """
    name = type(value).__name__
    if name not in _READ:
        raise GrowingIOException(
            Said(
                f"key: a {name} cannot be a key; choose a number, a string or a time",
                f"key：{name} 不能作为 key；请选择数字、字符串或时间",
            )
        )
    if isinstance(value, bytes):
        return name, value.hex()
    return name, value.isoformat() if isinstance(value, date) else str(value)


def key_value(key: Key) -> object:
    """Return a key as the database's value."""
    name, written = key
    return _READ[name](written)
