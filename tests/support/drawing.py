"""How many examples a property test draws: all on one Python, a quarter on the others of CI.

Storms of signals, and damage drawn by chance, have as many rounds.
"""

from __future__ import annotations

import os
from typing import Final

SHARE: Final = float(os.environ.get("GROWINGIO_EXAMPLES", "1"))
"""The part of the examples that is drawn."""


def examples(count: int) -> int:
    """Return the part of ``count`` that is drawn, but ten at least."""
    return max(int(count * SHARE), min(count, 10))
