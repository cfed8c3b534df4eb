"""Queries of real databases as sources: SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from msgspec.structs import replace

from databases import PASSWORD, mariadb, postgresql
from delivering.servers import Server
from growingio_tracker import DefaultConsumer, GrowingIOException, GrowingParamException
from growingio_tracker.bulk import Query, RowMapping, Source, Summary, import_files
from growingio_tracker.bulk.arguments import FileOptions
from growingio_tracker.bulk.database import Database
from growingio_tracker.bulk.plan import look_at, plan_all

MAPPING = RowMapping(fields={"event_name": Source("id", type="text"), "login_user_id": "member"})


def run(query: Query, url: str, state_dir: Path, **options: Any) -> Summary:
    return import_files(
        [query],
        DefaultConsumer("p", "d", url),
        state_dir=state_dir,
        **{"mapping": MAPPING} | options,
    )


def error_of(summary: Summary) -> str:
    return str(summary.files[0].error)


def numbers(first: int, end: int) -> list[str]:
    return [str(number) for number in range(first, end)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database with 1,200 orders."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table orders (id integer, member text, day text)")
    add(path, *((number, "u", f"2024-01-{number // 100 + 1:02}") for number in range(1200)))
    return path


def add(path: Path, *rows: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("insert into orders values (?, ?, ?)", rows)


def query(path: Path, sql: str = "select * from orders", key: str | None = "id") -> Query:
    return Query(sql, f"sqlite:///{path}", key)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("key", [None, "id"])
def test_rows(shop: Path, tmp_path: Path, workers: int, key: str | None) -> None:
    """The rows of a query arrive in its order, once each, and become what rows of files do."""
    with Server() as server:
        summary = run(query(shop, key=key), server.url, tmp_path, workers=workers)
        assert (summary.delivered, summary.failed, summary.is_complete) == (1200, 0, True)
        assert server.names == numbers(0, 1200)
        assert json.loads(server.received[0].body)[0]["attributes"] == {"day": "2024-01-01"}


@pytest.mark.parametrize("workers", [1, 2])
def test_j4_resumed_behind_the_key(shop: Path, tmp_path: Path, workers: int) -> None:
    """J4: an import that is stopped goes on behind the last key, also with rows that came since."""
    stop = threading.Event()
    with Server() as server:
        first = run(
            query(shop), server.url, tmp_path,
            workers=workers, batch_rows=100, rate=500, stop=stop, on_progress=lambda _: stop.set(),
        )  # fmt: skip
        assert not first.is_complete
        assert 0 < first.delivered < 1200
        add(shop, (1200, "u", "2024-01-13"))
        second = run(query(shop), server.url, tmp_path, workers=workers)
        assert (second.delivered, second.files[0].before) == (1201, first.delivered)
        assert server.names == numbers(0, 1201)


def test_later_rows(shop: Path, tmp_path: Path) -> None:
    """A further run imports what has come since, counts that alone, and nothing twice."""
    with Server() as server:
        run(query(shop), server.url, tmp_path)
        again = run(query(shop), server.url, tmp_path)
        assert (again.delivered, again.rows_now, again.is_complete) == (0, 0, True)
        add(shop, (1300, "u", "2024-02-01"), (1200, None, "2024-02-01"))
        later = run(query(shop), server.url, tmp_path)
        assert (later.delivered, later.failed) == (1, 1)
        assert run(query(shop), server.url, tmp_path).failed == 0
        assert server.names == [*numbers(0, 1200), "1300"]


def test_j4_equal_keys(shop: Path, tmp_path: Path) -> None:
    """J4: rows that have the same key are never torn apart, so that going on leaves none of them
    out."""
    stop = threading.Event()
    by_day = query(shop, "select * from orders", "day")
    with Server() as server:
        first = run(
            by_day, server.url, tmp_path,
            batch_rows=30, rate=500, stop=stop, on_progress=lambda _: stop.set(),
        )  # fmt: skip
        assert first.delivered % 100 == 0
        second = run(by_day, server.url, tmp_path, batch_rows=30)
        assert second.delivered == 1200
        assert sorted(server.names, key=int) == numbers(0, 1200)


def test_j4_without_key(shop: Path, tmp_path: Path) -> None:
    """J4: without a key nothing says where to go on, and nothing is sent a second time."""
    stop = threading.Event()
    unordered = query(shop, key=None)
    with Server() as server:
        first = run(
            unordered, server.url, tmp_path, rate=500, stop=stop, on_progress=lambda _: stop.set()
        )
        assert not first.is_complete
        with pytest.raises(GrowingParamException, match="cannot continue without a key"):
            run(unordered, server.url, tmp_path)
        assert len(server.names) == first.delivered


def test_j4_rows_without_key(shop: Path, tmp_path: Path) -> None:
    """J4: rows whose key is NULL are said, and not left out in silence."""
    add(shop, (None, "u", "2024-02-01"))
    with Server() as server:
        summary = run(query(shop), server.url, tmp_path)
    assert not summary.is_complete
    assert "key is NULL" in error_of(summary)


def test_j4_bad_cell(shop: Path, tmp_path: Path) -> None:
    """J4: text that is none costs its row, which is kept as NDJSON with the reason."""
    with closing(sqlite3.connect(shop)) as connection, connection:
        connection.execute("update orders set day = cast(x'ff' as text) where id = 7")
    with Server() as server:
        summary = run(query(shop), server.url, tmp_path)
        assert (summary.delivered, summary.failed, summary.is_complete) == (1199, 1, True)
        kept = json.loads(Path(str(summary.files[0].failed_path)).read_bytes())
        assert (kept["id"], "day" in kept["growingio_import_error"]) == (7, True)


def test_j4_early_end(shop: Path, tmp_path: Path) -> None:
    """J4: a later run in which nothing fits goes back to where it began, and no further."""
    add(shop, (1200, None, "2024-02-01"))
    with Server() as server:
        run(query(shop), server.url, tmp_path)
        [failed] = tmp_path.glob("*.failed.ndjson")
        kept = failed.read_bytes()
        add(shop, *((number, None, "2024-02-01") for number in range(1300, 2400)))
        summary = run(query(shop), server.url, tmp_path)
        assert (summary.delivered, summary.failed, summary.is_complete) == (0, 0, False)
        assert failed.read_bytes() == kept
        add(shop, (2400, "u", "2024-02-01"))
        summary = run(query(shop), server.url, tmp_path, keep_going=True)
        assert (summary.delivered, summary.failed, summary.is_complete) == (1, 1100, True)
        assert server.names == [*numbers(0, 1200), "2400"]


def test_look(shop: Path) -> None:
    """A first look guesses the mapping and sends nothing."""
    named = query(shop, "select 'paid' as event_name, member as user_id from orders", None)
    [plan] = plan_all([named], "event", None, FileOptions())
    assert plan.mapping.fields == {"event_name": "event_name", "login_user_id": "user_id"}
    seen = look_at(plan, "event")
    assert (seen.rows, seen.failed) == (1200, 0)


@pytest.mark.parametrize(
    ("sql", "key", "said"),
    [
        ("select * from nowhere", None, "no such table"),
        ("delete from orders", None, "returns rows"),
        ("select * from orders", "idd", "did you mean 'id'"),
        ("select id, id from orders", None, "twice"),
    ],
)
def test_queries_that_cannot_be_used(
    shop: Path, tmp_path: Path, sql: str, key: str | None, said: str
) -> None:
    """They are refused with what is wrong, and change nothing."""
    with Server() as server:
        with pytest.raises((GrowingParamException, GrowingIOException), match=said):
            run(query(shop, sql, key), server.url, tmp_path)
        assert run(query(shop), server.url, tmp_path).delivered == 1200


@pytest.mark.parametrize(
    "sql",
    [
        "select * from orders;",
        "select * from orders -- all",
        "select * from orders where day <> ' :x % %s'",
    ],
)
def test_ways_to_write(shop: Path, tmp_path: Path, sql: str) -> None:
    """Semicolons, comments, colons and percent signs stand in queries as they stand elsewhere."""
    with Server() as server:
        assert run(query(shop, sql), server.url, tmp_path).delivered == 1200


def test_missing_file(tmp_path: Path) -> None:
    """A file of SQLite that is not there is refused, and not made."""
    with pytest.raises(GrowingParamException, match="does not exist"):
        run(query(tmp_path / "none.db"), "http://127.0.0.1:1", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("nonsense secret", "must be an address"),
        ("unheard://u:secret@h/d", "no installed package supports unheard"),
        ("oracle://u:secret@h/d", "pip install oracledb"),
    ],
)
def test_h3_addresses_that_cannot_be_used(dsn: str, said: str) -> None:
    """H3: they are refused without what they hold."""
    with pytest.raises(GrowingParamException, match=said) as raised:
        Database(dsn)
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(Query("select 1", dsn))


@pytest.fixture(scope="module")
def dsn() -> Generator[str, None, None]:
    with postgresql() as address:
        yield address


def execute(dsn: str, *statements: str) -> None:
    address = sqlalchemy.make_url(dsn).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


TYPES = """
select 'e' as event_name, 'u' as user_id, 1 as id, 1.50::numeric as price, 'ab'::bytea as bytes,
    '{"a": 1}'::jsonb as json, array['x','y'] as tags, time '08:30' as opens,
    interval '1 day 2 hours' as lasts, inet '10.0.0.1' as ip,
    timestamptz '2024-01-05 08:00+08' as at, null::text as nothing,
    (select count(*) from pg_cursors) as cursors
"""


def test_postgresql_types(dsn: str, tmp_path: Path) -> None:
    """Each type has the value that a file would have; rows stay at the server until fetched."""
    with Server() as server:
        run(Query(TYPES, dsn, "id"), server.url, tmp_path, mapping=None)
        [event] = json.loads(server.received[0].body)
    assert event["attributes"] == {
        "id": 1,
        "price": "1.50",
        "bytes": "ab",
        "json": '{"a":1}',
        "tags": "x||y",
        "opens": "08:30:00",
        "lasts": "P1DT7200S",
        "ip": "10.0.0.1",
        "cursors": 1,
        "at": "2024-01-05T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    "beyond",
    ["timestamp 'infinity'", "timestamptz '20000-01-01'", "date '-infinity'", "time '24:00'"],
)
def test_j4_postgresql_bad_cell(dsn: str, tmp_path: Path, beyond: str) -> None:
    """J4: a time that Python does not have costs its row."""
    sql = (
        f"select i as id, 'u' as member, case when i = 7 then {beyond} end as x "
        "from generate_series(0, 9) i"
    )
    with Server() as server:
        summary = run(Query(sql, dsn, "id"), server.url, tmp_path)
    assert (summary.delivered, summary.failed, summary.is_complete) == (9, 1, True)


@pytest.mark.parametrize(
    "key",
    ["i", "i::numeric / 2", "timestamptz '2024-01-01' + i * interval '1 s'", "md5(i::text)::uuid",
     "date '2024-01-01' + i", "chr(64 + i / 1000) || i"],
)  # fmt: skip
def test_j4_postgresql_keys(dsn: str, tmp_path: Path, key: str) -> None:
    """J4: a key may be a number, a time, an id or a text."""
    sql = f"select {key} as key, i as id, 'u' as member from generate_series(1, 2000) i"
    asked, stop = Query(sql, dsn, "key"), threading.Event()
    with Server() as server:
        first = run(
            asked, server.url, tmp_path, rate=500, stop=stop, on_progress=lambda _: stop.set()
        )
        assert 0 < first.delivered < 2000
        assert run(asked, server.url, tmp_path).is_complete
        assert sorted(server.names, key=int) == numbers(1, 2001)


def test_j4_postgresql_ends(dsn: str, tmp_path: Path) -> None:
    """J4: an error amid the rows ends the import, which is not complete and goes on later."""
    execute(
        dsn,
        "create table broken as "
        "select i as id, 'u' as member, 1 as x from generate_series(1, 2000) i",
        "update broken set x = 0 where id = 1800",
    )
    asked = Query("select id, member, 1 / x as y from broken", dsn, "id")
    with Server() as server:
        first = run(asked, server.url, tmp_path, batch_rows=100)
        assert not first.is_complete
        assert "division by zero" in error_of(first)
        execute(dsn, "update broken set x = 1")
        assert run(asked, server.url, tmp_path, batch_rows=100).is_complete
        assert server.names == numbers(1, 2001)


@pytest.fixture(scope="module")
def mysql() -> Generator[str, None, None]:
    with mariadb() as address:
        yield address


WORDS = """
select seq as id, 'u' as member, repeat('x', 1000) as filling, time '26:00' as lasts,
    concat(char(97 + seq % 26 using utf8mb4), if(seq % 2, 'A', 'a')) as word,
    unhex(md5(seq)) as binary_id, x'6162' as bytes, 1.50 as price
from seq_1_to_{}
"""


@pytest.mark.parametrize("key", ["id", "word", "binary_id"])
def test_j4_mysql(mysql: str, tmp_path: Path, key: str) -> None:
    """J4: keys that a collation takes for equal are not torn apart, and types have the values that
    files have."""
    stop, given = threading.Event(), replace(MAPPING, ignore=("binary_id",))
    asked = Query(WORDS.format(3000), mysql, key)
    with Server() as server:
        first = run(
            asked, server.url, tmp_path,
            mapping=given, rate=500, stop=stop, on_progress=lambda _: stop.set(),
        )  # fmt: skip
        assert 0 < first.delivered < 3000
        assert run(asked, server.url, tmp_path, mapping=given).is_complete
        assert sorted(server.names, key=int) == numbers(1, 3001)
        event = json.loads(server.received[0].body)[0]["attributes"]
    assert (event["lasts"], event["bytes"], event["price"]) == ("P1DT7200S", "ab", "1.50")


def test_mysql_ends_early(mysql: str) -> None:
    """Rows that are left at the server are not read when nobody wants them any more."""
    started = time.monotonic()
    with Database(mysql).rows(WORDS.format(5_000_000), None, None, 10) as found:
        assert len(found.fetch(10)) == 10
    assert time.monotonic() - started < 20.0  # 5 GB take longer


def test_h3_password(dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """H3: the password is in no error, no log, no repr and no file."""
    caplog.set_level(logging.DEBUG)
    asked = Query("select 1 as id, 'u' as member", dsn, "id")
    [plan] = plan_all([asked], "event", MAPPING, FileOptions())
    with Server() as server:
        summary = run(asked, server.url, tmp_path)
    with pytest.raises(GrowingIOException, match="password authentication failed") as raised:
        run(Query("select 1", dsn.replace("tester", "nobody")), "http://127.0.0.1:1", tmp_path)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    shown = Database(dsn).shown
    said = f"{asked!r} {plan!r} {shown} {summary!r} {raised.value} {caplog.text} {kept!r}"
    assert "s3cr3t" in PASSWORD
    assert "s3cr3t" not in said
