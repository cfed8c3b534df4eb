"""Texts for people: sentences in two languages, and strangers' text made safe to show.

Every text that this project shows in English and Chinese is a :class:`Said`: what the collector
finds, what the doctor advises, what the commands print. Received data is never translated; it goes
through :func:`harmless` on its way to a terminal or an XML file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Said(NamedTuple):
    """One sentence in English and in Chinese. Names in braces stand for values."""

    en: str
    zh: str

    def with_values(self, **values: object) -> Said:
        """Return the sentence with ``values`` in place of the names in braces.

        Lists are joined, and nested sentences inserted, in each language.
        """
        # Imported on demand: programs that only track fill in no sentence.
        from growingio_wire.formatter import CHINESE, ENGLISH  # noqa: PLC0415

        return Said(ENGLISH.vformat(self.en, (), values), CHINESE.vformat(self.zh, (), values))

    def chosen(self, *, chinese: bool) -> str:
        """Return the text of one language."""
        return self.zh if chinese else self.en

    def __bool__(self) -> bool:
        return bool(self.en)


NOTHING: Said = Said("", "")
"""Empty sentence."""

# Control, format (bidirectional overrides), surrogate, private, unassigned; line separators.
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Format characters that emoji and some scripts need, and that are harmless."""


def in_both(text: str | Said) -> Said:
    """Return ``text`` as a sentence. What others say, such as a server, is the same in both."""
    return text if isinstance(text, Said) else Said(text, text)


def joined(sentences: Iterable[Said]) -> Said:
    """Return several sentences as one, separated by semicolons."""
    both = list(sentences)
    return Said("; ".join(one.en for one in both), "；".join(one.zh for one in both))


def counted(number: int, noun: str) -> str:
    """Return a number of things in English: ``1 event``, ``2 events``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def prefers_chinese(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the POSIX variables say that the user reads Chinese.

    :param environ: the variables; ``None`` is this process's environment. The first of ``LC_ALL``,
        ``LC_MESSAGES`` and ``LANG`` that has a value counts.
    """
    variables = os.environ if environ is None else environ
    found = (variables.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in found if value), "").lower().startswith("zh")


def harmless(text: str) -> str:
    r"""Return ``text`` with control characters escaped (``\x1b``)."""
    if text.isprintable():
        return text
    return "".join(_harmless_character(character) for character in text)


def _harmless_character(character: str) -> str:
    import unicodedata  # noqa: PLC0415 - few programs show such text

    if character in _JOINERS or unicodedata.category(character) not in _HARMFUL:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
