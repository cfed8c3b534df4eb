"""Formatter of sentences in two languages."""

from __future__ import annotations

from string import Formatter
from typing import Final, Protocol, cast, runtime_checkable


@runtime_checkable
class InTwoLanguages(Protocol):
    """A nested sentence; see :class:`~growingio_wire.said.Said`."""

    def chosen(self, *, chinese: bool) -> str:
        """Return the text of one language."""
        ...


class SentenceFormatter(Formatter):
    """Fills values into the sentences of one language.

    :param chinese: which one.
    """

    def __init__(self, *, chinese: bool) -> None:
        self.chinese = chinese
        self.comma = "、" if chinese else ", "

    def format_field(self, value: object, format_spec: str) -> str:
        """Return ``value`` as text in a sentence; an empty list is a dash."""
        if isinstance(value, InTwoLanguages):
            return value.chosen(chinese=self.chinese)
        if isinstance(value, list | tuple):
            return self.comma.join(map(str, cast("list[object]", value))) or "–"
        return str(super().format_field(value, format_spec))


ENGLISH: Final = SentenceFormatter(chinese=False)
CHINESE: Final = SentenceFormatter(chinese=True)
