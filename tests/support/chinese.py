"""Chinese in what is said to people."""

from __future__ import annotations

import re


def has_chinese(text: str) -> bool:
    """Return whether a text has a Chinese character."""
    return re.search(r"[\u4e00-\u9fff]", text) is not None
