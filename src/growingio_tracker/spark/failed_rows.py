"""What becomes of the rows of a task that cannot be sent."""

from __future__ import annotations

from collections.abc import Mapping
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final

import msgspec

from growingio_tracker.bulk.readers.lines import UTF_8
from growingio_tracker.bulk.readers.ndjson import NdjsonLayout
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.spark.places import put

_LAYOUT: Final = NdjsonLayout(UTF_8)


class FailedRows:
    """The failed rows of one task: they end it, or they are kept.

    They come to ``directory`` only when the task has succeeded, so that one that fails and is
    repeated leaves none there twice.

    :param directory: where a file of them is put; ``None`` lets the first one end the task.
    """

    def __init__(self, directory: str | None) -> None:
        self.count = 0
        self._directory = directory
        self._file: IO[bytes] | None = None

    def add(self, number: int, reason: str, row: Mapping[str, object]) -> None:
        """Take in a row, counted from 1.

        :raises GrowingParamException: when failed rows are not kept.
        """
        if self._directory is None:
            raise GrowingParamException(
                f"row {number} of this task cannot be sent: {reason}. With the option "
                "failed_rows_path such rows are kept there, and the others are sent"
            )
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - leaving this object closes it
        self._file.write(_LAYOUT.failed_row(msgspec.json.encode(row, enc_hook=str), reason))
        self.count += 1

    def keep(self) -> str | None:
        """Put the file into its directory and return its path; ``None`` when no row failed.

        :raises GrowingIOException: when it cannot be written.
        """
        if self._directory is None or self._file is None:
            return None
        self._file.seek(0)
        return put(self._directory, f"failed{_LAYOUT.failed_suffix}", self._file)

    def __enter__(self) -> FailedRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
