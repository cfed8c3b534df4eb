"""Plans of imports, completed before the first row is sent: sources, formats and mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from growingio_tracker.bulk.arguments import FileOptions
from growingio_tracker.bulk.checkpoint import FileIdentity, ImportState, file_identity
from growingio_tracker.bulk.chunks import Chunk, FileLayout, Layout, Place
from growingio_tracker.bulk.formats import layout_of, stem
from growingio_tracker.bulk.mapping import RowKind, RowMapping, guess
from growingio_tracker.bulk.query import Query, QueryPlan, query_layout
from growingio_tracker.bulk.rows import Converter, RowOptions
from growingio_tracker.bulk.typed import Row
from growingio_tracker.delivery import Destination
from growingio_wire.errors import GrowingIOException, invalid
from growingio_wire.plan import Plan as TrackingPlan
from growingio_wire.said import Said

HOPELESS_ROWS: Final = 1000
"""If this many rows at the beginning all fail, the mapping is considered wrong."""

_SHOWN_REASONS: Final = 10
_NOWHERE: Final = Destination("product_id", "data_source_id", "")


class ImportPlan(Protocol):
    """A source of rows, with its layout and mapping."""

    @property
    def layout(self) -> Layout:
        """Layout of its rows."""
        ...

    @property
    def mapping(self) -> RowMapping:
        """Mapping of its columns."""
        ...

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        ...

    def chunks(self, start: Place, max_rows: int) -> Iterator[Chunk]:
        """Yield its chunks from ``start`` on, of about ``max_rows`` rows.

        :raises GrowingIOException: if reading fails.
        """
        ...

    def owner(self, kind: str, destination: tuple[str, ...]) -> Struct:
        """Return the import that the checkpoint must belong to.

        :raises GrowingIOException: if the source cannot be read.
        """
        ...

    def kept_in(self, state_dir: Path | None) -> tuple[Path, Path]:
        """Return the directory of checkpoint and failed rows; ``None`` is the default."""
        ...

    def begin(self, state: ImportState) -> ImportState | None:
        """Return the state to continue from, or ``None`` if nothing is left to import.

        :raises GrowingParamException: if it cannot continue.
        """
        ...

    def check_unchanged(self, owner: object) -> None:
        """Check that the source has not changed since ``owner`` was created.

        :raises GrowingIOException: if it has.
        """
        ...


class FilePlan(Struct, frozen=True):
    """The plan of a file."""

    path: Path
    layout: FileLayout
    mapping: RowMapping

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def chunks(self, start: Place, max_rows: int) -> Iterator[Chunk]:
        """See :class:`ImportPlan`."""
        return self.layout.chunks(str(self.path), start, max_rows)

    def owner(self, kind: str, destination: tuple[str, ...]) -> FileIdentity:
        """See :class:`ImportPlan`."""
        return file_identity(self.path, kind, destination)

    def kept_in(self, state_dir: Path | None) -> tuple[Path, Path]:
        """See :class:`ImportPlan`; the default is the directory of the file."""
        folder = state_dir or self.path.parent
        failed = f"{stem(self.path)}.failed{self.layout.failed_suffix}"
        return folder / f"{self.path.name}.checkpoint", folder / failed

    def begin(self, state: ImportState) -> ImportState | None:
        """See :class:`ImportPlan`."""
        return None if state.done else state

    def check_unchanged(self, owner: object) -> None:
        """See :class:`ImportPlan`."""
        if isinstance(owner, FileIdentity) and not owner.fits(self.path):
            raise GrowingIOException(
                Said(
                    f"{self.path} changed while it was being read. Import a copy that nothing "
                    "writes to",
                    f"{self.path} 在读取过程中被修改。请导入一份不再写入的副本",
                )
            )


AnySource: TypeAlias = Path | Query | FilePlan | QueryPlan


class Look(Struct, frozen=True):
    """Preview of the import of a source.

    :param rows: the number of rows checked.
    :param failed: the number of rows that would fail.
    :param reasons: the numbers of the first failing rows, with the reasons.
    :param record: the first record; ``None`` if every row would fail.
    :param odd_ids: the number of rows whose id looks like a missing value, such as ``NULL``.
    """

    rows: int
    failed: int
    reasons: tuple[tuple[int, Said], ...]
    record: bytes | None
    odd_ids: int = 0


def plan_all(
    sources: Iterable[AnySource],
    kind: RowKind,
    mapping: RowMapping | None,
    options: FileOptions,
    same: Mapping[str, str] | None = None,
) -> list[FilePlan | QueryPlan]:
    """Return a plan for each source. Sources that are plans already are not changed.

    :param mapping: ``None`` infers one for each source from the names of its columns.
    :param same: field → the same value for every row, which overrides the mapping.
    :raises GrowingParamException: if a source or its mapping is invalid.
    :raises GrowingIOException: if a source cannot be read.
    :raises MissingExtraError: if one needs a package that is not installed.
    """
    plans: list[FilePlan | QueryPlan] = []
    for source in sources:
        if isinstance(source, FilePlan | QueryPlan):
            plans.append(source)
            continue
        plan = _unmapped(source, options)
        if mapping is None:
            samples = _sample(plan)
            found = guess(kind, _columns(plan.layout, samples), samples)
        else:
            found = mapping
        found = found.with_same(same or {})
        found.check(kind)
        if plan.layout.columns is not None:
            found.check_columns(plan.layout.columns, plan.name)
        plans.append(replace(plan, mapping=found))
    if not plans:
        raise invalid("paths must name at least one file", "paths 至少要有一个文件", "paths")
    return plans


def _unmapped(source: Path | Query, options: FileOptions) -> FilePlan | QueryPlan:
    if isinstance(source, Query):
        return QueryPlan(source, query_layout(source), RowMapping())
    return FilePlan(source, layout_of(source, options), RowMapping())


def _sample(plan: ImportPlan, rows: int = 1000) -> list[Row]:
    """Return the first readable rows."""
    chunk = next(plan.chunks(Place(), rows), None)
    if chunk is None:
        return []
    return [row for row in plan.layout.rows(chunk.data) if isinstance(row, dict)]


def look_at(plan: ImportPlan, kind: RowKind, tracking_plan: TrackingPlan | None = None) -> Look:
    """Convert all rows without sending them; stop after the first 1,000 if all of these fail.

    :raises GrowingParamException: if the mapping does not fit.
    :raises GrowingIOException: if the source cannot be read to its end.
    """
    converter = Converter(kind, plan.mapping, _NOWHERE, RowOptions(tracking_plan=tracking_plan))
    look = Look(0, 0, (), None)
    for chunk in plan.chunks(Place(), HOPELESS_ROWS):
        converted = converter.convert(plan.layout.rows(chunk.data))
        room = _SHOWN_REASONS - len(look.reasons)
        more = [(look.rows + place + 1, why) for place, why in converted.failed[:room]]
        look = Look(
            look.rows + len(converted.records) + len(converted.failed),
            look.failed + len(converted.failed),
            (*look.reasons, *more),
            look.record or next(iter(converted.records), None),
            look.odd_ids + converted.odd_ids,
        )
        if look.failed == look.rows >= HOPELESS_ROWS:
            break
    return look


def places(plans: Sequence[ImportPlan], state_dir: Path | None) -> list[tuple[Path, Path]]:
    """Return the paths of the checkpoint and the failed rows of each source.

    :param state_dir: the directory; ``None`` is the default of each source.
    :raises GrowingParamException: if two sources would use the same paths.
    """
    found: list[tuple[Path, Path]] = []
    for plan in plans:
        pair = plan.kept_in(state_dir)
        for taken in found:
            if set(pair) & set(taken):
                raise invalid(
                    f"{plan.name} and a file before it would share {pair[0].name} or "
                    f"{pair[1].name}; import them one after the other, or rename one",
                    f"{plan.name} 与之前的文件会共用 {pair[0].name} 或 {pair[1].name}；"
                    "请分别导入，或改名其中之一",
                )
        found.append(pair)
    return found


def _columns(layout: Layout, samples: Iterable[Row]) -> list[str]:
    if layout.columns is not None:
        return list(layout.columns)
    return list(dict.fromkeys(name for row in samples for name in row))
