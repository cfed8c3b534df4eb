"""The public surface: tests/data/public_api.txt lists it, so no change of it goes unseen."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

LISTING = runpy.run_path(str(Path(__file__).with_name("list_public_api.py")))


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="not here: 3.10 shows signatures in another way"
)
def test_public_api_is_listed() -> None:
    """Names, parameters and defaults are as listed; list_public_api.py lists them anew."""
    assert LISTING["public_api"]() == LISTING["FILE"].read_text("utf-8")
