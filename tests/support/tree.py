"""Where things are in this repository."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
DATA: Final = ROOT / "tests" / "data"
CAPTURES: Final = DATA / "captures"
