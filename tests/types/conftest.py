"""What mypy knows after one test, for the next ones."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which mypy keeps what it found out about packages."""
    return tmp_path_factory.mktemp("mypy")
