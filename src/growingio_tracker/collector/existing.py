"""Opening the file of a run that is over, or still going on in another process, to read it."""

import sqlite3
from pathlib import Path

from growingio_tracker.collector.schema import SCHEMA_VERSION, reading
from growingio_tracker.exceptions import GrowingParamException


def existing_store(path: Path) -> Path:
    """Return ``path`` if it is a collector's store of this release.

    :raises GrowingParamException: it is not, or is not there.
    """
    # Connecting would make the file.
    if not path.is_file():
        raise GrowingParamException(
            f"db: {path} is not there. Name a file that `growingio collector --db` has written."
        )
    try:
        with reading(path) as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise GrowingParamException(
            f"db: {path} cannot be read ({error}). "
            "Name a file that `growingio collector --db` has written."
        ) from error
    if version != SCHEMA_VERSION:
        raise GrowingParamException(
            f"db: {path} has the schema {version}, this release reads {SCHEMA_VERSION}. "
            "Name a file that `growingio collector --db` of this release has written."
        )
    return path
