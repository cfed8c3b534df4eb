"""The import of one file: read, convert, send, settle, batch after batch."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from growingio_tracker.bulk.checkpoint import Checkpoint, State
from growingio_tracker.bulk.failures import Failures
from growingio_tracker.bulk.pipeline import Conversion
from growingio_tracker.bulk.progress import FileSummary, OnProgress, Progress
from growingio_tracker.bulk.readers.layout import Chunk, Layout, Place
from growingio_tracker.bulk.sending import BatchSender, Settled
from growingio_tracker.exceptions import GrowingError


class FileImport:
    """One file on its way. A batch has its outcome, and then the checkpoint says so.

    :param path: the file.
    :param on_progress: called after each batch.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        checkpoint: Checkpoint,
        failures: Failures,
        on_progress: OnProgress,
    ) -> None:
        self._path = path
        self._layout = layout
        self._checkpoint = checkpoint
        self._failures = failures
        self._on_progress = on_progress
        self._before = checkpoint.state.rows
        self._part = 1.0 if checkpoint.state.done else 0.0
        self._error: str | None = None

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        state = self._checkpoint.state
        return Progress(state.rows, state.delivered, state.failed, self._part, str(self._path))

    def run(self, index: int, conversion: Conversion, sender: BatchSender, max_rows: int) -> None:
        """Import what the checkpoint does not say is imported; what ends it is in the summary.

        :param index: of the file in ``conversion``.
        :param max_rows: of a batch.
        """
        state = self._checkpoint.state
        try:
            if not state.done:
                start = Place(state.offset, state.rows)
                chunks = self._layout.chunks(str(self._path), start, max_rows)
                for chunk, converted in conversion.each(index, chunks):
                    self._settle(chunk, sender.deliver(converted))
                self._part = 1.0
                self._save(replace(self._checkpoint.state, done=True))
        except GrowingError as error:
            self.fail(str(error))

    def fail(self, error: str) -> None:
        """Say that the import ended before the file did."""
        self._error = error

    def summary(self) -> FileSummary:
        """Return what became of the file."""
        failed_path = str(self._failures.path) if self._checkpoint.state.failed else None
        checkpoint_path = str(self._checkpoint.path)
        return FileSummary(self.progress, self._before, failed_path, checkpoint_path, self._error)

    def _settle(self, chunk: Chunk, settled: Settled) -> None:
        if settled.failed:
            raw = self._layout.raw_rows(chunk.data)
            self._failures.add([(raw[place], reason) for place, reason in settled.failed])
        state = self._checkpoint.state
        self._part = chunk.part
        self._save(
            State(
                chunk.end.offset,
                chunk.end.rows,
                state.delivered + settled.delivered,
                state.failed + len(settled.failed),
                self._failures.size,
            )
        )

    def _save(self, state: State) -> None:
        self._checkpoint.save(state)
        self._on_progress(self.progress)
