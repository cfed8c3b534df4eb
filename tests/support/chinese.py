"""Chinese in what is said to people."""

from __future__ import annotations

import re
from collections.abc import Mapping


def has_chinese(text: str) -> bool:
    """Return whether a text has a Chinese character."""
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def assert_in_both_languages(answer: Mapping[str, object]) -> None:
    """Check that an answer of the collector's API says in English and in Chinese what is wrong."""
    english, chinese = str(answer["error"]), str(answer["error_zh"])
    assert english
    assert not has_chinese(english)
    assert has_chinese(chinese)
