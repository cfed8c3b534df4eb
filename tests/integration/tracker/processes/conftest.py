"""Every model of processes is tested with every strategy that queues."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivering.consumers import QUEUING, TRACKING
from delivering.programs import write


@pytest.fixture(params=QUEUING.values(), ids=list(QUEUING))
def consumer(request: pytest.FixtureRequest) -> str:
    """The expression that makes the consumer."""
    expression: str = request.param
    return expression


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which programs find the module ``tracking``."""
    write(tmp_path, TRACKING, "tracking")
    return tmp_path
