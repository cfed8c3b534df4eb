"""Ids of rows: the same again when a task is repeated, so that a repeat can be recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from growingio_tracker.bulk.rows import Row
from growingio_tracker.spark.failed_rows import FailedRows

_DIGEST_BYTES: Final = 16
# The order of columns and of a map's members says nothing about a row.
_encode: Final = msgspec.json.Encoder(enc_hook=str, order="deterministic").encode


def with_hashes(rows: Iterable[Row], attribute: str) -> Iterator[Row]:
    """Give each row the member ``attribute``: 32 hexadecimal digits made of all its values."""
    for row in rows:
        row[attribute] = hashlib.blake2b(_encode(row), digest_size=_DIGEST_BYTES).hexdigest()
        yield row


def with_ids_only(rows: Iterable[Row], column: str, failed: FailedRows) -> Iterator[Row]:
    """Yield the rows that have a value in ``column``; the others fail."""
    for number, row in enumerate(rows, 1):
        if row.get(column) is None:
            failed.add(number, f"id_column: it has no value in the column {column}", row)
        else:
            yield row
