"""Directories that tasks on many machines write to."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeVar

from growingio_tracker._extras import missing_extra
from growingio_tracker.exceptions import GrowingIOException

_T = TypeVar("_T")


def make(directory: str) -> None:
    """Make a directory if it is not there.

    :param directory: a path, or an address such as ``hdfs://…`` and ``s3://…`` that pyarrow knows.
    :raises GrowingIOException: when it cannot be made.
    :raises MissingExtraError: for an address, when pyarrow is not installed.
    """
    _tried(directory, lambda: _make(directory))


def put(directory: str, name: str, content: IO[bytes]) -> str:
    """Write a new file and return its path.

    :param name: how its name begins and ends: ``failed.ndjson`` becomes ``failed-….ndjson``.
    :raises GrowingIOException: when it cannot be written.
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
