"""The catalogue of rules, and how an issue is said."""

import gc
import re
import string
from pathlib import Path

import pytest

import growingio_collector
import growingio_wire
from growingio_collector.rules.bodies import LONE_SURROGATE, NOT_A_NUMBER, NOT_JSON
from growingio_collector.rules.heads import WRONG_TYPE
from growingio_collector.rules.issue import BAD, NAMES, RULES, WARN, Issue, as_issue, explain
from growingio_collector.rules.plans import PROPERTY_NOT_IN_ENUM
from growingio_wire.errors import DecodeError
from growingio_wire.said import Said

SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for house in (growingio_collector, growingio_wire)
    for path in Path(str(house.__file__)).parent.rglob("*.py")
)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _check(said: Said) -> None:
    assert said.en.strip()
    assert _names(said.en) == _names(said.zh)
    assert re.search(r"[\u4e00-\u9fff]", said.zh)


@pytest.mark.parametrize("code", RULES)
def test_entry(code: str) -> None:
    """A rule is complete in both languages, says the same in both, and is used somewhere."""
    rule = RULES[code]
    assert rule.level in (BAD, WARN)
    for said in (rule.found, rule.fix, *rule.details.values()):
        _check(said)
    assert rule.found.en.endswith((".", "?"))
    assert rule.found.zh.endswith(("。", "？"))
    _check(rule.headline)
    assert not _names(rule.headline.en)
    assert not rule.headline.en.endswith(".")
    by_name = len(re.findall(rf"(?<![\w.\"]){code.upper()}\b(?!: Final)", SOURCE))
    assert by_name or f'DecodeError("{code}"' in SOURCE or f'_error("{code}"' in SOURCE


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.details])
def test_every_detail(code: str) -> None:
    """A detail of a rule is a part of its sentence, and somewhere in the sources given to it."""
    rule = RULES[code]
    assert "{detail}" in rule.found.en
    assert all(f'"{detail}"' in SOURCE for detail in rule.details)


def test_sentences() -> None:
    """Sentences name the place and the values, also where a value looks like a placeholder."""
    explained = explain(NOT_A_NUMBER.issue("attributes.{n}", shown="NaN{path}"))
    assert explained.sentence == "attributes.{n} is NaN{path}, which JSON does not have."
    assert explained.sentence_zh.startswith("attributes.{n} 的值是 NaN{path}")
    assert explain(LONE_SURROGATE.issue()).sentence.startswith("the message contains")


def test_details_in_chinese() -> None:
    """What a Chinese sentence quotes from a decoder is Chinese too; the values stay as they are."""
    found = as_issue(DecodeError("not_json", 3, detail="not_utf8", at=3)).found
    assert found.zh == "请求体不是 JSON：第 3 字节处不是 UTF-8。"
    assert found.en == "The body is not JSON: it is not UTF-8 at byte 3."
    assert NOT_JSON.issue(detail="not_utf8", at=3).found == found


def test_types_by_their_names() -> None:
    """JSON types are named in the reader's language, several of them as alternatives."""
    wanted = ["string", "integer", "null"]
    found = WRONG_TYPE.issue("userId", detail="wrong_kind", wanted=wanted, got="array").found
    assert found.en == (
        "userId has the wrong type: it is an array, not a string, an integer or null."
    )
    assert found.zh == "userId 的类型不对：应为字符串、整数或空值，实为数组。"
    assert set(wanted) <= NAMES.keys()


def test_lists_are_joined() -> None:
    """A list among the values is written out as each language does."""
    advice = PROPERTY_NOT_IN_ENUM.issue("attributes.a", shown="3", allowed=["1", "2"]).advice
    assert advice.en.startswith("Send one of 1, 2, or")
    assert advice.zh.startswith("请发送以下值之一：1、2；")


def test_a_rule_of_a_newer_release() -> None:
    """A stored issue whose rule this release does not know keeps its code and level."""
    issue = Issue("invented_later", "warn", "attributes.a", {"n": 1})
    assert (issue.code, issue.level, issue.values) == ("invented_later", "warn", {"n": 1})
    assert issue.sentence.startswith("attributes.a has an issue that this release does not know")


def test_garbage() -> None:
    """Very many issues cost the collection of garbage, which holds all threads up, nothing."""
    assert not gc.is_tracked(NOT_JSON.issue("a", shown="b"))
