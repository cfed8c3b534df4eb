"""Databases that an import queries through SQLAlchemy.

SQLAlchemy provides the addresses, drivers and server-side cursors of every database with a dialect.
Passwords never appear in messages or in the ``repr`` of this module's objects.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from growingio_tracker.bulk.cells import tolerate
from growingio_wire.errors import GrowingIOException, invalid, missing_extra
from growingio_wire.said import Said

_DRIVERS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgresql": ("psycopg", "psycopg2", "pg8000"),
    "mysql": ("pymysql", "mysqldb", "mysqlconnector"),
    "mariadb": ("pymysql", "mysqldb", "mariadbconnector"),
    "oracle": ("oracledb", "cx_oracle"),
}
"""Drivers of databases that have several. A URL that names none uses an installed one."""

_OLD_NAMES: Final = {"postgres": "postgresql"}
_READS_ON: Final = ("mysql", "mariadb")
"""Databases whose drivers read all remaining rows when a cursor is closed, unless the query is
ended first."""

_SQLITE: Final = "sqlite"


class Database:
    """A database that can be queried.

    :param dsn: its URL for SQLAlchemy: ``DATABASE[+DRIVER]://USER:PASSWORD@HOST/NAME``.
    :raises GrowingParamException: if it is not a valid URL, or its driver is not installed.
    :raises MissingExtraError: if SQLAlchemy is not installed.
    """

    def __init__(self, dsn: str) -> None:
        self._sql = _sqlalchemy()
        self._url = self._with_driver(self._parsed(dsn))
        self._secrets = _secrets(self._url)

    @property
    def shown(self) -> str:
        """The URL without secrets."""
        shown: str = self._url.set(query={}).render_as_string(hide_password=True)
        return shown

    @property
    def has_secrets(self) -> bool:
        """Whether the URL contains a password, or options that may contain one."""
        return bool(self._secrets)

    @property
    def identity(self) -> tuple[str, ...]:
        """The database's identity, which does not depend on user and password."""
        url, name = self._url, self._url.database
        if url.get_backend_name() == _SQLITE and name:
            name = str(Path(name).resolve())
        return url.get_backend_name(), str(url.host), str(url.port), str(name)

    @contextmanager
    def rows(
        self, sql: str, key: str | None, after: object, size: int
    ) -> Generator[Rows, None, None]:
        """Run a query through a server-side cursor, and yield its rows.

        :param key: the column to order the rows by; ``None`` runs the query unchanged.
        :param after: the last key to skip; ``None`` starts with the first row.
        :param size: the number of rows to fetch at a time.
        :raises GrowingIOException: if the database cannot be queried, also inside the block.
        """
        self._check_file()
        engine = self._sql.create_engine(
            self._url, poolclass=self._sql.pool.NullPool, hide_parameters=True
        )
        try:
            with engine.connect() as connection:
                streamed = connection.execution_options(stream_results=True, yield_per=size)
                tolerate(engine.dialect.driver, connection.connection.driver_connection)
                number = _number(engine, connection)
                rows = Rows(streamed.execute(self._statement(sql, key, after)))
                try:
                    yield rows
                finally:
                    with suppress(Exception):
                        _end(engine, number, rows)
        except _FetchError as error:
            raise self._failed(error.cause) from None
        except self._sql.exc.SQLAlchemyError as error:
            raise self._failed(error) from None

    def _statement(self, sql: str, key: str | None, after: object) -> Any:
        # A colon would begin a parameter, and a comment at the end would hide what is appended.
        asked = self._sql.text(sql.strip().rstrip(";").replace(":", "\\:") + "\n")
        if key is None:
            return asked
        column = self._sql.column(key)
        rows = asked.columns(column).subquery("growingio_rows")
        found = self._sql.select(self._sql.text("*")).select_from(rows).order_by(column)
        if after is None:
            return found
        last = self._sql.bindparam("after", after, type_=self._sql.types.NullType())
        # Rows without a key are an error, wherever the database puts them; see ``query``.
        return found.where(self._sql.or_(column > last, column.is_(None)))

    def _parsed(self, dsn: str) -> Any:
        scheme, found, rest = dsn.partition("://")
        try:
            return self._sql.make_url(_OLD_NAMES.get(scheme, scheme) + found + rest)
        except (self._sql.exc.ArgumentError, ValueError):
            raise invalid(
                "dsn must be an address such as postgresql://USER:PASSWORD@HOST/NAME or "
                "sqlite:///FILE",
                "dsn 必须是 postgresql://USER:PASSWORD@HOST/NAME 或 sqlite:///FILE 这样的地址",
                "dsn",
            ) from None

    def _with_driver(self, url: Any) -> Any:
        """Return a URL whose driver is installed."""
        database = url.drivername
        named = [f"{database}+{driver}" for driver in _DRIVERS.get(database, ())]
        for drivername in named or [database]:
            one = url.set(drivername=drivername)
            try:
                one.get_dialect().import_dbapi()
            except ImportError:
                continue
            except self._sql.exc.NoSuchModuleError:
                break
            return one
        raise invalid(*_no_driver(database), "dsn", code="no_driver")

    def _check_file(self) -> None:
        """Check that an SQLite file exists, because SQLite would create an empty one."""
        name = self._url.database
        if self._url.get_backend_name() != _SQLITE or name in (None, "", ":memory:"):
            return
        if not name.startswith("file:") and not Path(name).is_file():
            raise invalid(f"dsn: the file {name} does not exist", f"dsn：文件 {name} 不存在", "dsn")

    def _failed(self, error: BaseException) -> GrowingIOException:
        cause: Any = getattr(error, "orig", None) or error
        said = f"{type(cause).__name__}: {str(cause).strip()}"
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return GrowingIOException(
            Said(f"{self.shown} cannot be read: {said}", f"无法读取 {self.shown}：{said}")
        )


class Rows:
    """Rows of a query, which stay on the server until they are fetched.

    :raises GrowingParamException: if the statement returns no rows, like an ``update``.
    """

    def __init__(self, result: Any) -> None:
        if not result.returns_rows:
            raise invalid("sql must be a query that returns rows", "sql 必须是返回行的查询", "sql")
        self.result = result
        self.are_over = False
        self.columns: tuple[str, ...] = tuple(map(str, result.keys()))

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows; none at the end."""
        try:
            found = [tuple(row) for row in self.result.fetchmany(size)]
        except (
            Exception
        ) as error:  # from SQLAlchemy, the driver or Python, for a cell they cannot convert
            raise _FetchError(error) from None
        self.are_over = not found
        return found

    def close(self) -> None:
        """Discard the rows that were not fetched."""
        self.result.close()


def _number(engine: Any, connection: Any) -> int | None:
    """Return the database's id of a connection, if it will be needed."""
    if engine.name not in _READS_ON:
        return None
    return int(connection.exec_driver_sql("select connection_id()").scalar())


def _end(engine: Any, number: int | None, rows: Rows) -> None:
    """Discard the rows that were not fetched, on the server."""
    if number is not None and not rows.are_over:
        with engine.connect() as other:
            other.exec_driver_sql(f"kill query {number}")
        with suppress(Exception):  # that the query was ended, which SQLAlchemy would log
            rows.result.cursor.close()
    rows.close()


class _FetchError(Exception):
    """Rows that cannot be fetched."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


def _sqlalchemy() -> Any:
    try:
        return import_module("sqlalchemy")
    except ModuleNotFoundError as error:
        raise missing_extra(Said("a query of a database", "数据库查询"), "sql") from error


def _secrets(url: Any) -> list[str]:
    """Return the parts that no message may contain: the password, and everything after ``?``."""
    given = [url.password, *url.query.values()]
    parts = [part for one in given for part in ([one] if isinstance(one, str) else one or ())]
    return sorted({part for part in parts if part}, key=len, reverse=True)


def _no_driver(database: str) -> Said:
    """Return the advice for a database without an installed driver."""
    if (drivers := _DRIVERS.get(database)) is not None:
        return Said(
            f"dsn: no driver for {database} is installed; pip install {drivers[0]}",
            f"dsn：没有安装 {database} 的驱动；pip install {drivers[0]}",
        )
    return Said(
        f"dsn: no installed package supports {database}://; install its SQLAlchemy dialect and "
        "its driver",
        f"dsn：已安装的包都不支持 {database}://；请安装它的 SQLAlchemy 方言和驱动",
    )
