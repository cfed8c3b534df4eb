"""What became of the rows of a task, and of all tasks of a write."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class PartitionSummary(Struct, frozen=True, kw_only=True):
    """What became of the rows of one task.

    :param rows: how many there were.
    :param delivered: those that the server accepted.
    :param failed: the others; each stands in the file.
    :param failed_path: the file of them; ``None`` when none failed.
    """

    rows: int
    delivered: int
    failed: int = 0
    failed_path: str | None = None


class WriteSummary(Struct, frozen=True, kw_only=True):
    """What became of the rows of a write, or of one micro-batch of a stream.

    :param rows: how many there were.
    :param delivered: those that the server accepted. Rows of tasks that failed and were repeated
        count once.
    :param failed: the others.
    :param batch: the number of the micro-batch; ``None`` for a write that is no stream.
    :param partitions: one for each task.
    """

    rows: int
    delivered: int
    failed: int
    batch: int | None
    partitions: tuple[PartitionSummary, ...]

    @staticmethod
    def of(partitions: Iterable[PartitionSummary], batch: int | None) -> WriteSummary:
        """Add up."""
        parts = tuple(partitions)
        return WriteSummary(
            rows=sum(part.rows for part in parts),
            delivered=sum(part.delivered for part in parts),
            failed=sum(part.failed for part in parts),
            batch=batch,
            partitions=parts,
        )

    def __str__(self) -> str:
        what = "write" if self.batch is None else f"batch {self.batch}"
        return (
            f"growingio: {what} of {self.rows} rows in {len(self.partitions)} tasks: "
            f"{self.delivered} delivered, {self.failed} failed"
        )
