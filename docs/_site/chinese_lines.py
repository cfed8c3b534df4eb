"""Lines of Chinese text, joined without the space that a browser makes of a line's end."""

from __future__ import annotations

import re
from typing import Final

from docutils import nodes

_BEFORE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]\Z")
_AFTER: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def join_lines(document: nodes.document) -> None:
    """Take the line's end out from between two Chinese characters, in text that is not code."""
    for element in document.findall(nodes.TextElement):
        for at in reversed(range(1, len(element) - 1)):
            before, end, after = (child.astext() for child in element.children[at - 1 : at + 2])
            if end == "\n" and _BEFORE.search(before) and _AFTER.match(after):
                del element[at]
