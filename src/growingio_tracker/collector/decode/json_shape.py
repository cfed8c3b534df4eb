"""The outline of JSON text, found without building a single object."""

import re

_STRING = re.compile(rb'"[^"]*"')
_INNERMOST = re.compile(rb"\[,*\]")
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_OUTLINE = bytes(set(range(256)) - set(b"[],"))


def _outline(text: bytes) -> bytes:
    r"""Return only the brackets (all as square ones) and commas of ``text``.

    Removing ``\\`` and then ``\"`` leaves quotes that can only be the ends of strings.
    """
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return _STRING.sub(b"", bare).translate(_AS_SQUARE).translate(None, _NOT_OUTLINE)


def deeper_than(limit: int, text: bytes) -> bool:
    """Tell whether well-formed JSON is nested deeper than ``limit`` levels."""
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    outline = _outline(text)
    for _ in range(limit):
        if not outline:
            return False
        outline = _INNERMOST.sub(b"", outline)
    return b"[" in outline


def count_elements(text: bytes, max_depth: int) -> int | None:
    """Return about how many elements the outermost array has: exact, but 1 for an empty one.

    None when the brackets do not match or are deeper than ``max_depth``.
    """
    inside = _outline(text)[1:-1]
    for _ in range(max_depth):
        inside, changed = _INNERMOST.subn(b"", inside)
        if not changed:
            break
    return None if b"[" in inside or b"]" in inside else inside.count(b",") + 1
