"""The example shop under edits, in short; ``python -m benchmarks.edits`` makes a thousand."""

from __future__ import annotations

import pytest
from benchmarks.edit_kinds import Editor
from benchmarks.edits import measure

EDITS = 60


@pytest.mark.once
def test_edits() -> None:
    """Edits that break the plan are stopped, and nothing stops a harmless one."""
    editor = Editor(7)
    breaking = measure([editor.breaking() for _ in range(EDITS)], editor.plan)
    assert breaking.share >= 0.99, breaking
    harmless = measure([editor.harmless() for _ in range(EDITS)], editor.plan)
    assert harmless.stopped.total() == 0, harmless
