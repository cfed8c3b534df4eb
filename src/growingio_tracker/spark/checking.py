"""What is checked once, where the program runs, before any task begins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from growingio_tracker.bulk.pace import Pace
from growingio_tracker.bulk.rows import Converter, RowOptions
from growingio_tracker.bulk.sending import BatchSender
from growingio_tracker.config.build import build
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.spark.columns import check_schema
from growingio_tracker.spark.options import WriteOptions, parse
from growingio_tracker.spark.places import make


def check_write(options: Mapping[str, object], schema: Mapping[str, bool]) -> None:
    """Check options and columns, and make the directories that are named.

    :param schema: column → whether it holds maps or structs.
    :raises GrowingParamException: when something cannot be used; the message says what.
    :raises GrowingIOException: when a directory cannot be made.
    """
    chosen = parse(options)
    check_schema(chosen.kind, chosen.values, schema)
    _check_id(chosen, schema)
    build(chosen.configuration, partial(_check_sending, chosen))
    for directory in (chosen.failed_rows_path, chosen.summary_path):
        if directory is not None:
            make(directory)


def _check_id(chosen: WriteOptions, schema: Mapping[str, bool]) -> None:
    if chosen.id_attribute in schema and chosen.id_attribute != chosen.id_column:
        raise GrowingParamException(
            f"the rows have a column {chosen.id_attribute!r} already, so their ids need another "
            "name; give it with the option id_attribute"
        )


def _check_sending(chosen: WriteOptions, consumer: Consumer, **of_rows: Any) -> None:
    Converter(chosen.kind, chosen.mapping, "", "", RowOptions(**of_rows))
    BatchSender(consumer, chosen.kind, Pace(chosen.rate), chosen.patience_s).close()
