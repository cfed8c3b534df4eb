"""What is decided about each file before the first row is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from growingio_tracker.bulk.guess import guess
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.readers.choose import FileOptions, layout_of, stem
from growingio_tracker.bulk.readers.layout import Layout, Place
from growingio_tracker.bulk.rows import Converter, Row
from growingio_tracker.exceptions import GrowingParamException

SAMPLE_ROWS: Final = 10_000


class FilePlan(Struct, frozen=True):
    """One file, how it is read, and what its columns become."""

    path: Path
    layout: Layout
    mapping: RowMapping


class Look(Struct, frozen=True):
    """A first look at a file.

    :param rows: how many rows were looked at.
    :param failed: the numbers and reasons of those that would fail.
    :param record: the first record; ``None`` when every row failed.
    """

    rows: int
    failed: tuple[tuple[int, str], ...]
    record: bytes | None


def plan_files(
    paths: Iterable[Path],
    kind: RowKind,
    mapping: RowMapping | None,
    options: FileOptions,
    same: Mapping[str, str] | None = None,
) -> list[FilePlan]:
    """Return a plan for each file.

    :param mapping: ``None`` guesses by the names of the columns, of each file by itself.
    :param same: field → the value that every row has, whatever the mapping says; ``None`` for none.
    :raises GrowingParamException: when a file, or the mapping for it, cannot be used.
    :raises GrowingIOException: when a file cannot be read.
    :raises MissingExtraError: when a format needs a package that is not installed.
    """
    plans: list[FilePlan] = []
    for path in paths:
        layout = layout_of(path, options)
        if mapping is None:
            samples = sample(path, layout)
            found = guess(kind, _columns(layout, samples), samples)
        else:
            found = mapping
        found = found.with_same(same or {})
        found.check(kind)
        if layout.columns is not None:
            found.check_columns(layout.columns, str(path))
        plans.append(FilePlan(path, layout, found))
    if not plans:
        raise GrowingParamException("paths must name at least one file")
    return plans


def sample(path: Path, layout: Layout, rows: int = 1000) -> list[Row]:
    """Return the first rows that can be read."""
    data = next(layout.chunks(str(path), Place(), rows), None)
    if data is None:
        return []
    return [row for row in layout.rows(data.data) if isinstance(row, dict)]


def look_at(plan: FilePlan, kind: RowKind) -> Look:
    """Convert the first 10,000 rows, and send nothing.

    :raises GrowingParamException: when the mapping does not fit.
    """
    converter = Converter(kind, plan.mapping, "product_id", "data_source_id")
    chunks = plan.layout.chunks(str(plan.path), Place(), SAMPLE_ROWS)
    rows = islice((row for chunk in chunks for row in plan.layout.rows(chunk.data)), SAMPLE_ROWS)
    converted = converter.convert(rows)
    failed = tuple((place + 1, reason) for place, reason in converted.failed)
    seen = len(converted.records) + len(failed)
    return Look(seen, failed, converted.records[0] if converted.records else None)


def places(plans: Sequence[FilePlan], state_dir: Path | None) -> list[tuple[Path, Path]]:
    """Return where the checkpoint and the failed rows of each file stand.

    :param state_dir: the directory; ``None`` is that of each file.
    :raises GrowingParamException: when two files would share them.
    """
    found: list[tuple[Path, Path]] = []
    for plan in plans:
        folder = plan.path.parent if state_dir is None else state_dir
        failed = f"{stem(plan.path)}.failed{plan.layout.failed_suffix}"
        pair = folder / f"{plan.path.name}.checkpoint", folder / failed
        for taken in found:
            if set(pair) & set(taken):
                raise GrowingParamException(
                    f"{plan.path} and a file before it would share {pair[0].name} or "
                    f"{pair[1].name}; import them one after the other, or rename one"
                )
        found.append(pair)
    return found


def _columns(layout: Layout, samples: Iterable[Row]) -> list[str]:
    if layout.columns is not None:
        return list(layout.columns)
    return list(dict.fromkeys(name for row in samples for name in row))
