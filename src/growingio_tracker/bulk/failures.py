"""The file of failed rows: each as it was, and the reason. It can be imported after repair."""

from __future__ import annotations

import os
from pathlib import Path

from growingio_tracker.bulk.readers.layout import Layout
from growingio_tracker.exceptions import GrowingIOException


class Failures:
    """The file of failed rows of one input. It is made with the first.

    :param path: where it stands.
    :param layout: how the rows of the input are written.
    :param size: the bytes of it that belong to rows before the checkpoint; what stands behind is
        forgotten, because those rows are imported again.
    """

    def __init__(self, path: Path, layout: Layout, size: int) -> None:
        self.path = path
        # Somebody may have taken it away meanwhile.
        self.size = min(size, path.stat().st_size) if path.exists() else 0
        self._layout = layout

    def add(self, rows: list[tuple[bytes, str]]) -> None:
        """Write raw rows and their reasons, and wait until the disk has them.

        :raises GrowingIOException: when they cannot be written; then none is.
        """
        written = b"".join(self._layout.failed_row(raw, reason) for raw, reason in rows)
        try:
            with self.path.open("r+b" if self.size else "wb") as file:
                file.seek(self.size)
                file.truncate()
                file.write(written if self.size else self._layout.failed_head() + written)
                file.flush()
                os.fsync(file.fileno())
                self.size = file.tell()
        except OSError as error:
            raise GrowingIOException(
                f"the failed rows cannot be written to {self.path}: {error}. The import ended "
                "before them"
            ) from error
