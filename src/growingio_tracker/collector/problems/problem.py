"""One problem that was found."""

import msgspec

from growingio_tracker.collector.problems.catalogue import CATALOGUE
from growingio_tracker.collector.problems.details import in_chinese


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with an event or a body.

    ``code`` never changes and is meant for programs; the catalogue has its level and its
    sentences. ``path`` is the place in the message (``"attributes"``), empty for the whole.
    ``values`` are what the sentences speak of.
    """

    code: str
    path: str = ""
    values: dict[str, str | int] = {}

    @property
    def level(self) -> str:
        """``"bad"`` or ``"warn"``."""
        return CATALOGUE[self.code].level

    @property
    def sentence(self) -> str:
        """What was found, in English."""
        return CATALOGUE[self.code].en.format_map(self._speaking_of("the message"))

    @property
    def fix(self) -> str:
        """What to do about it, in English."""
        return CATALOGUE[self.code].fix.format_map(self._speaking_of("the message"))

    @property
    def sentence_zh(self) -> str:
        """What was found, in Chinese."""
        return CATALOGUE[self.code].zh.format_map(self._speaking_chinese())

    @property
    def fix_zh(self) -> str:
        """What to do about it, in Chinese."""
        return CATALOGUE[self.code].fix_zh.format_map(self._speaking_chinese())

    def _speaking_of(self, whole: str) -> dict[str, str | int]:
        return {**self.values, "path": self.path or whole}

    def _speaking_chinese(self) -> dict[str, str | int]:
        values = self._speaking_of("消息")
        detail = values.get("detail")
        return {**values, "detail": in_chinese(detail)} if isinstance(detail, str) else values


class Explained(msgspec.Struct, frozen=True):
    """A problem as the API shows it: everything in it, and everything the catalogue says."""

    code: str
    level: str
    path: str
    sentence: str
    fix: str
    sentence_zh: str
    fix_zh: str
    values: dict[str, str | int]


def explain(problem: Problem) -> Explained:
    """Return ``problem`` with its sentences in both languages."""
    return Explained(
        problem.code,
        problem.level,
        problem.path,
        problem.sentence,
        problem.fix,
        problem.sentence_zh,
        problem.fix_zh,
        problem.values,
    )
