"""A spool directory, and processes on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from delivering.spools import Process

MakeProcess = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[MakeProcess]:
    """Start processes on one directory that end with the test."""
    started: list[Process] = []

    def start(*args: Any, **options: Any) -> Process:
        started.append(Process(tmp_path, *args, **options))
        return started[-1]

    yield start
    for process in started:
        process.end()
