"""From what Spark hands to a task to dicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from growingio_tracker.bulk.rows import Row


def as_dicts(items: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of ``items`` as new dicts: column → value.

    :param items: Spark's rows, mappings, or record batches of Arrow, which hold many rows each.
    """
    for item in items:
        if hasattr(item, "to_pylist"):
            # Without this a map would come as a list of pairs.
            yield from item.to_pylist(maps_as_pydicts="strict")
        elif isinstance(item, Mapping):
            yield dict(cast("Mapping[str, Any]", item))
        else:
            yield item.asDict(True)
