"""The catalogue of problems."""

import re
import string
from pathlib import Path

import pytest

from growingio_tracker.collector import problems
from growingio_tracker.collector.problems.catalogue import CATALOGUE
from growingio_tracker.collector.problems.problem import Problem, explain
from growingio_tracker.collector.problems.text import BAD, WARN

SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in Path(problems.__file__).parent.parent.rglob("*.py")
    if not path.name.startswith("of_")
)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CATALOGUE)
def test_entry(code: str) -> None:
    """An entry is complete in both languages, says the same in both, and is used somewhere."""
    text = CATALOGUE[code]
    assert text.level in (BAD, WARN)
    assert all(part.strip() for part in text)
    assert _names(text.en) == _names(text.zh)
    assert _names(text.fix) == _names(text.fix_zh)
    assert text.en.endswith((".", "?"))
    assert text.zh.endswith(("。", "？"))
    assert re.search(r"[\u4e00-\u9fff]", text.zh)
    assert re.search(r"[\u4e00-\u9fff]", text.fix_zh)
    assert f'"{code}"' in SOURCE


def test_sentences() -> None:
    """Sentences name the place and the values, also where a value looks like a placeholder."""
    explained = explain(Problem("not_a_number", "attributes.{n}", {"shown": "NaN{path}"}))
    assert explained.sentence == "attributes.{n} is NaN{path}, which JSON does not have."
    assert explained.sentence_zh.startswith("attributes.{n} 的值是 NaN{path}")
    assert explain(Problem("lone_surrogate")).sentence.startswith("the message holds")


def test_details_in_chinese() -> None:
    """What a Chinese sentence quotes from a decoder is Chinese too; the values stay as they are."""
    problem = Problem("not_json", values={"detail": "it is not UTF-8 at byte 3"})
    assert problem.sentence_zh == "请求体不是 JSON：第 3 字节处不是 UTF-8。"
    assert problem.sentence == "The body is not JSON: it is not UTF-8 at byte 3."
    wrong = Problem("wrong_type", "userId", {"detail": "Expected `int | str | null`, got `array`"})
    assert wrong.sentence_zh == "userId 的类型不对：应为整数或文本或空值，实为数组。"
