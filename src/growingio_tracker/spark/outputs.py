"""Output files of tasks in a shared directory: failed rows and summaries."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Final, TypeVar

import msgspec

from growingio_tracker.bulk.chunks import UTF_8
from growingio_tracker.bulk.ndjson import NdjsonLayout
from growingio_wire.errors import GrowingIOException, GrowingParamException, missing_extra

_LAYOUT: Final = NdjsonLayout(UTF_8)


class FailedRows:
    """Failed rows of one task. They fail the task, or they are saved.

    They are written to ``directory`` only once the task has succeeded, so that a repeated task does
    not save them twice.

    :param directory: the directory for the file; ``None`` fails the task at the first failed row.
    """

    def __init__(self, directory: str | None) -> None:
        self.count = 0
        self._directory = directory
        self._file: IO[bytes] | None = None

    def add(self, number: int, reason: str, row: Mapping[str, object]) -> None:
        """Add a row, numbered from 1.

        :raises GrowingParamException: if failed rows are not saved.
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
        """Move the file to its directory and return its path; ``None`` if no row failed.

        :raises GrowingIOException: if it cannot be written.
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


_T = TypeVar("_T")


def make(directory: str) -> None:
    """Create a directory if it does not exist.

    :param directory: a path, or a URL that pyarrow supports, such as ``hdfs://…`` and ``s3://…``.
    :raises GrowingIOException: if it cannot be created.
    :raises MissingExtraError: for a URL, if pyarrow is not installed.
    """
    _tried(directory, lambda: _make(directory))


def put(directory: str, name: str, content: IO[bytes]) -> str:
    """Write a new file and return its path.

    :param name: beginning and ending of the name: ``failed.ndjson`` becomes ``failed-….ndjson``.
    :raises GrowingIOException: if it cannot be written.
    """
    stem, _, suffix = name.rpartition(".")
    unique = f"{stem}-{uuid.uuid4().hex}.{suffix}"

    def write() -> str:
        _make(directory)
        with _create(directory, unique) as file:
            shutil.copyfileobj(content, file)
        return f"{directory.rstrip('/')}/{unique}"

    return _tried(directory, write)


def _make(directory: str) -> None:
    if "://" in directory:
        system, path = _address(directory)
        system.create_dir(path)
    else:
        Path(directory).mkdir(parents=True, exist_ok=True)


def _create(directory: str, name: str) -> Any:
    if "://" in directory:
        system, path = _address(directory)
        return system.open_output_stream(f"{path}/{name}")
    return (Path(directory) / name).open("xb")


def _address(directory: str) -> tuple[Any, str]:
    try:
        systems = import_module("pyarrow.fs")
    except ModuleNotFoundError as error:
        raise missing_extra(f"writing to {directory}", "spark") from error
    system, path = systems.FileSystem.from_uri(directory)
    return system, path


def _tried(directory: str, call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (OSError, ValueError) as error:  # pyarrow's errors about addresses are ValueErrors
        raise GrowingIOException(
            f"{directory} cannot be written to: {error}. Name a directory that every executor can "
            "write to, or an address that pyarrow knows, such as hdfs://… or s3://…"
        ) from error
