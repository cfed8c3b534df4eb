"""The dead letters: records that the server refused for good, kept for people to look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from growingio_tracker.delivery.contract import Batch, Rejected
from growingio_tracker.delivery.spool.fork_gate import GATE
from growingio_tracker.delivery.spool.store import Destination
from growingio_tracker.exceptions import RejectedError, SpoolError
from growingio_tracker.wire import Kind

FILE_NAME: Final = "dead-letters.sqlite"
MAX_DEAD_LETTERS: Final = 100_000
"""The oldest go beyond that."""

_BUSY_S: Final = 5.0
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS dead_letter (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at_ms INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,"
    " product_id TEXT NOT NULL, data_source_id TEXT NOT NULL, server_host TEXT NOT NULL,"
    " record BLOB NOT NULL)"
)


class DeadLetter(Struct, frozen=True):
    """One record that was refused.

    :param number: what people call it by.
    :param at_ms: when, in Unix milliseconds.
    :param reason: a short fixed word, for instance ``status_400``.
    :param detail: what the server said.
    """

    number: int
    at_ms: int
    kind: Kind
    reason: str
    detail: str
    destination: Destination
    record: bytes


class DeadLetters:
    """The table of a spool directory. Any number of processes may use it at once.

    :param directory: of the spool.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME

    def bury(self, batch: Batch, outcome: Rejected, destination: Destination, now_ms: int) -> int:
        """Keep the records of a rejected batch; return how many older ones had to go.

        :raises SpoolError: when the disk cannot take them; then none was kept.
        """
        error = outcome.error
        said = f"{error} {error.body}" if isinstance(error, RejectedError) else str(error)
        about = (now_ms, batch.kind.value, outcome.reason, said.strip(), *destination)
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO dead_letter VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*about, record) for record in batch.records],
            )
            return connection.execute(
                "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?",
                (MAX_DEAD_LETTERS,),
            ).rowcount

    def __iter__(self) -> Iterator[DeadLetter]:
        """Yield all of them, oldest first.

        :raises SpoolError: when the file cannot be read.
        """
        if self.path.exists():
            with self._open() as connection:
                for number, at_ms, kind, reason, detail, *destination, record in connection.execute(
                    "SELECT * FROM dead_letter ORDER BY id"
                ):
                    yield DeadLetter(
                        number, at_ms, Kind(kind), reason, detail, Destination(*destination), record
                    )

    def __len__(self) -> int:
        """Return how many there are.

        :raises SpoolError: when the file cannot be read.
        """
        if not self.path.exists():
            return 0
        with self._open() as connection:
            events: int = connection.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
            return events

    def remove(self, numbers: Iterable[int]) -> None:
        """Forget the letters with these numbers.

        :raises SpoolError: when the disk does not let them go; then all are still there.
        """
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM dead_letter WHERE id = ?", [(number,) for number in numbers]
            )

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with self._open() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection, None, None]:
        try:
            with GATE, closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as connection:
                connection.execute(_SCHEMA)
                yield connection
        except sqlite3.Error as error:
            raise SpoolError(f"the dead letters in {self.path} cannot be used: {error}") from error
