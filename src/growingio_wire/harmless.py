"""Sanitizing of untrusted text for terminals and XML."""

import unicodedata
from typing import Final

# Control, format (bidirectional overrides), surrogate, private, unassigned; line separators.
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Format characters that emoji and some scripts need, and that are harmless."""


def harmless(text: str) -> str:
    r"""Return ``text`` with control characters escaped (``\x1b``)."""
    if text.isprintable():
        return text
    return "".join(_harmless_character(character) for character in text)


def _harmless_character(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _HARMFUL:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
