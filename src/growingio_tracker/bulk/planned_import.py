"""Import of one source: read, convert, send and settle, batch by batch.

The checkpoint moves past a batch only after the batch has an outcome, and failed rows are on disk
before anything is sent.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from growingio_tracker.bulk.checkpoint import Checkpoint, ImportState
from growingio_tracker.bulk.chunks import Chunk, Place
from growingio_tracker.bulk.conversion import BrokenWorkerError, Conversion
from growingio_tracker.bulk.outcomes import FailedRowsFile, FileSummary, OnProgress, Progress
from growingio_tracker.bulk.plan import HOPELESS_ROWS, ImportPlan
from growingio_tracker.bulk.rows import Converted
from growingio_tracker.bulk.sending import BatchSender, Settled, StoppedError
from growingio_wire.errors import (
    GrowingError,
    GrowingIOException,
    RejectedError,
    TransportError,
)
from growingio_wire.said import Said


class PlannedImport:
    """Import of one source.

    :param plan: the plan of the source.
    :param owner: the identity of the import, for its checkpoint.
    :param on_progress: called after each batch.
    :param keep_going: whether to continue if the first 1,000 rows all fail.
    :param chinese: whether reasons and the summary are in Chinese.
    """

    def __init__(
        self,
        plan: ImportPlan,
        owner: Struct,
        checkpoint: Checkpoint,
        failures: FailedRowsFile,
        on_progress: OnProgress,
        *,
        keep_going: bool = False,
        chinese: bool = False,
    ) -> None:
        self._plan = plan
        self._name = plan.name
        self._owner = owner
        self._checkpoint = checkpoint
        self._failures = failures
        self._on_progress = on_progress
        start = plan.begin(checkpoint.state)
        self._is_over = start is None
        self._state = start or checkpoint.state
        # Position to return to if all rows fail; rows from earlier runs of a query stay imported.
        self._origin = self._state if self._state.key and not self._state.rows else ImportState()
        self._before = self._state.rows
        self._part: float | None = 1.0 if self._is_over else 0.0
        self._odd_ids = 0
        is_known = self._origin.key is not None or self._state.key is None
        self._can_give_up = is_known and not keep_going
        self._chinese = chinese
        self._error: Said | None = None
        self._retry_helps = True

    @property
    def progress(self) -> Progress:
        """Progress so far."""
        state = self._state
        return Progress(
            state.rows, state.delivered, state.failed, self._part, self._name, self._odd_ids
        )

    def run(self, index: int, conversion: Conversion, sender: BatchSender, max_rows: int) -> None:
        """Import everything after the checkpoint. An error that ends the import is in the summary.

        :param index: the source's index in ``conversion``.
        :param max_rows: the maximum number of rows in a batch.
        """
        try:
            if not self._is_over:
                start = Place(self._state.offset, self._state.rows, self._state.key)
                chunks = self._plan.chunks(start, max_rows)
                for chunk, converted in conversion.each(index, chunks):
                    # Known failures are written before anything is sent: otherwise, with a full
                    # disk, rows would be delivered that the next run delivers again.
                    self._keep(chunk, converted.failed)
                    self._settle(chunk, converted, sender.deliver(converted))
                self._plan.check_unchanged(self._owner)
                self._part = 1.0
                self._save(replace(self._state, done=True))
        except GrowingError as error:
            self.fail(error.said, retry_helps=_may_pass(error))

    def fail(self, error: Said, *, retry_helps: bool = False) -> None:
        """Record that the import ended before the end of the source."""
        self._error = error
        self._retry_helps = retry_helps

    def summary(self) -> FileSummary:
        """Return the summary of the source."""
        failed_path = str(self._failures.path) if self._state.failed else None
        checkpoint_path = str(self._checkpoint.path)
        return FileSummary(
            self.progress,
            self._before,
            failed_path,
            checkpoint_path,
            None if self._error is None else self._error.chosen(chinese=self._chinese),
            self._retry_helps,
        )

    def _keep(self, chunk: Chunk, failed: list[tuple[int, Said]]) -> None:
        if failed:
            raw = self._plan.layout.raw_rows(chunk.data)
            chinese = self._chinese
            self._failures.add([(raw[place], why.chosen(chinese=chinese)) for place, why in failed])

    def _settle(self, chunk: Chunk, converted: Converted, settled: Settled) -> None:
        self._keep(chunk, settled.refused)
        before = self._state
        self._part = chunk.part
        self._odd_ids += converted.odd_ids
        now = ImportState(
            chunk.end.offset,
            chunk.end.rows,
            before.delivered + settled.delivered,
            before.failed + len(converted.failed) + len(settled.refused),
            self._failures.size,
            key=chunk.end.key,
        )
        if now.failed >= HOPELESS_ROWS and not now.delivered and self._can_give_up:
            self._give_up([*converted.failed, *settled.refused])
        self._save(now)

    def _give_up(self, failed: list[tuple[int, Said]]) -> None:
        """End an import that has delivered nothing, so that it can start again from the beginning.

        :raises GrowingIOException: always.
        """
        self._failures.go_back(self._origin.failed_bytes)
        self._state = self._origin
        self._checkpoint.save(self._state)
        _, last = failed[-1]
        raise GrowingIOException(
            Said(
                f"the first {HOPELESS_ROWS:,} rows all failed, the last one because: {last.en}. "
                "The mapping may not fit. Nothing was delivered, and the next run starts from the "
                "beginning. To continue anyway, set keep_going (--keep-going)",
                f"前 {HOPELESS_ROWS:,} 行全部失败，最后一行的原因：{last.zh}。映射可能有误。"
                "没有送达任何数据，再次运行将从头开始。如需继续导入，请设置 keep_going"
                "（--keep-going）",
            )
        )

    def _save(self, state: ImportState) -> None:
        self._state = state
        self._checkpoint.save(state)
        self._on_progress(self.progress)


def _may_pass(error: GrowingError) -> bool:
    """Return whether the next run may succeed although nothing was changed."""
    if isinstance(error, RejectedError):
        return error.status >= _SERVER_ERRORS or error.status in _BUSY
    return isinstance(error, StoppedError | TransportError | BrokenWorkerError)


_SERVER_ERRORS: Final = 500
_BUSY: Final = (408, 429)
