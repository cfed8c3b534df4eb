"""Rules and the issues they find, each explained in two languages.

A rule is defined once, in the file of its subject, next to the check that finds it. An issue names
the broken rule, the place in the message, and the values in the sentences.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

import msgspec

from growingio_wire.errors import DecodeError
from growingio_wire.formatter import SentenceFormatter
from growingio_wire.said import Said

OK: Final = "ok"
WARN: Final = "warn"
BAD: Final = "bad"
"""The level of a rule. An event's verdict is its worst level: the page shows bad ones in red."""

Value: TypeAlias = str | int | float | list[str]
"""Values in a sentence. They are stored, and shown by the API, as JSON."""

_UNSAID: Final = "–"
_WHOLE: Final = Said("the message", "消息")

NAMES: Final[Mapping[str, Said]] = {
    "array": Said("an array", "数组"),
    "object": Said("an object", "对象"),
    "string": Said("a string", "字符串"),
    "integer": Said("an integer", "整数"),
    "number": Said("a number", "数值"),
    "boolean": Said("a boolean", "布尔值"),
    "null": Said("null", "空值"),
    "event": Said("an event", "事件"),
    "item": Said("an item", "维度表记录"),
    "mapping": Said("a user mapping", "用户融合"),
}
"""Words for JSON types and kinds of messages, by their names in values."""


class Rule(msgspec.Struct, frozen=True):
    """One thing that may be wrong.

    A name in braces stands for one of the issue's values; ``{path}`` for its place, ``{detail}``
    for the sentence part of ``details`` that the value ``detail`` names. A list is joined, and
    ``{got:name}`` names a JSON type or a kind, or several as alternatives.

    :param code: never changes, so programs can depend on it.
    :param level: ``"bad"`` or ``"warn"``.
    :param found: what was found.
    :param fix: what to do about it.
    :param details: parts of the sentence, by the word that selects one.
    :param headline: what all issues of the rule have in common, without any value.
    """

    code: str
    level: str
    found: Said
    fix: Said
    headline: Said
    details: Mapping[str, Said] = {}

    def issue(self, path: str = "", /, **values: Value) -> "Issue":
        """Return the issue of this rule at ``path``, which is empty for the whole message."""
        return Issue(self.code, self.level, path, values)


_RULES: Final[dict[str, Rule]] = {}
RULES: Final[Mapping[str, Rule]] = _RULES
"""Every rule by its code."""


def rule(
    code: str,
    level: str,
    found: Said,
    fix: Said,
    details: Mapping[str, Said] | None = None,
    headline: Said | None = None,
) -> Rule:
    """Define a rule; the arguments are those of ``Rule``. Only files of subjects call it.

    A sentence without values is also the headline.
    """
    if code in _RULES:
        raise ValueError(f"the rule {code} is defined twice")
    _RULES[code] = Rule(code, level, found, fix, headline or _without_stop(found), details or {})
    return _RULES[code]


def _without_stop(said: Said) -> Said:
    return Said(said.en.rstrip("."), said.zh.rstrip("。"))


_UNKNOWN: Final = Rule(
    "unknown",
    WARN,
    Said(
        "{path} has an issue that this release does not know.",
        "{path} 有一个当前版本不认识的问题。",
    ),
    Said("Upgrade growingio_tracker to read it.", "请升级 growingio_tracker 后查看。"),
    Said("An issue that this release does not know", "当前版本不认识的问题"),
)
"""The sentences of an issue that a newer release stored."""


class Issue(msgspec.Struct, frozen=True, gc=False):
    """One thing that is wrong with a message or a request.

    ``code`` is the rule's, which never changes; ``level`` is ``"bad"`` or ``"warn"``. ``path`` is
    the place in the message (``"attributes.price"``), empty for the whole. ``values`` are what the
    sentences speak of.
    """

    code: str
    level: str
    path: str = ""
    values: dict[str, Value] = {}

    @property
    def _rule(self) -> Rule:
        return RULES.get(self.code, _UNKNOWN)

    @property
    def headline(self) -> Said:
        """Headline shared by all issues of this code, in both languages."""
        return self._rule.headline

    @property
    def found(self) -> Said:
        """Description of the problem, in both languages."""
        return self._filled(self._rule.found)

    @property
    def advice(self) -> Said:
        """How to fix the problem, in both languages."""
        return self._filled(self._rule.fix)

    @property
    def sentence(self) -> str:
        """Description of the problem, in English."""
        return self.found.en

    @property
    def fix(self) -> str:
        """How to fix the problem, in English."""
        return self.advice.en

    def _filled(self, said: Said) -> Said:
        values: dict[str, object] = {**self.values, "path": self.path or _WHOLE}
        detail = self._rule.details.get(str(self.values.get("detail")))
        if detail:
            values["detail"] = _written(detail, self.values)
        return _written(said, values)


class _Writer(SentenceFormatter):
    """Formats any issue, even a damaged one or one stored by another release."""

    def get_value(
        self, key: int | str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> object:
        return kwargs.get(str(key), _UNSAID)

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec == "name":
            return self._names(value)
        is_sayable = isinstance(value, int | float | Said) or not format_spec
        return super().format_field(value, format_spec) if is_sayable else str(value)

    def _names(self, value: object) -> str:
        names = cast("list[object]", value) if isinstance(value, list) else [value]
        *others, last = (self._name(str(name)) for name in names or [_UNSAID])
        alternative = "或" if self.chinese else " or "
        return self.comma.join(others) + alternative + last if others else last

    def _name(self, name: str) -> str:
        return NAMES[name].chosen(chinese=self.chinese) if name in NAMES else name


_ENGLISH: Final = _Writer(chinese=False)
_CHINESE: Final = _Writer(chinese=True)


def _written(said: Said, values: Mapping[str, object]) -> Said:
    return Said(_ENGLISH.vformat(said.en, (), values), _CHINESE.vformat(said.zh, (), values))


def as_issue(error: DecodeError) -> Issue:
    """Return the issue for a decoding error."""
    return RULES[error.code].issue(**error.values)


class Explained(msgspec.Struct, frozen=True):
    """An issue as the API shows it, with its sentences in both languages."""

    code: str
    level: str
    path: str
    sentence: str
    fix: str
    sentence_zh: str
    fix_zh: str
    values: dict[str, Value]


def explain(issue: Issue) -> Explained:
    """Return ``issue`` with its sentences in both languages."""
    found, advice = issue.found, issue.advice
    return Explained(
        issue.code,
        issue.level,
        issue.path,
        found.en,
        advice.en,
        found.zh,
        advice.zh,
        issue.values,
    )
