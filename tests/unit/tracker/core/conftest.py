"""The core under test: each of the two."""

from __future__ import annotations

from typing import Any

import pytest

from cores import CORES


@pytest.fixture(params=CORES, ids=lambda core: core.__name__.rpartition(".")[2])
def core(request: pytest.FixtureRequest) -> Any:
    return request.param
