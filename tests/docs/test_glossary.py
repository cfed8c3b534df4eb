"""The words of the Chinese pages: the platform's own, and one for each thing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from pages import chinese_pages, prose
from tree import ROOT

GLOSSARY: Final = {
    "您": "你",
    "响应": "应答|回答",
    "访问用户 ID / 访问用户": r"匿名 ?ID|匿名用户|访客|访问用户ID",
    "登录用户 ID / 登录用户属性": r"登录用户ID|一次用户属性|用户的属性事件",
    "采集服务 / 采集服务地址": r"数据采集服务|采集服务器|数据采集地址",
    "本地采集器": r"本地采集服务|本地收集器|收集器",
    "埋点事件标识符": r"(?<![、，])事件名(?!称?[、 |])",
    "维度表": r"物品(?!模型)",
    "字符串": r"(?<!纯)文本(?!输出|格式|文件|编辑)",
    "强制终止 / 异常退出": "杀死|死亡|死掉",
    "保证": "承诺",
    "丢弃": "被放弃|放弃事件",
    "用户融合": "用户映射|(?<!登录)用户关联",
    "数据源 ID / 项目 ID": r"数据源ID|项目ID|(?<!\w)项目 id",
}
"""The right words, each with the wrong ones that readers have met."""

QUOTED: Final = re.compile(r"`[^`]*`|\([^)]*\)")
COLUMNS: Final = ("bulk/mapping.py", "plan/csv_reading.py", "plan/building.py", "configuration.py")
"""Modules that list names which files and people use, whatever the right word is."""
PAGES: Final = [*chinese_pages(), ROOT / "README.zh-CN.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words(page: Path) -> None:
    """A page uses the glossary's words, but for what is quoted as code."""
    text = QUOTED.sub("", prose(page))
    wrong = [
        f"{found[0]} -> {right}: …{text[max(0, found.start() - 12) : found.end() + 12]}…"
        for right, others in GLOSSARY.items()
        for found in re.finditer(others, text)
    ]
    assert wrong == []


def test_command_line() -> None:
    """What the command and the collector say in Chinese has the glossary's words as well."""
    wrong = [
        f"{path.relative_to(ROOT)}: {found[0]} -> {right}"
        for path in (ROOT / "src").rglob("*.py")
        if not path.as_posix().endswith(COLUMNS)
        for sentence in re.findall(r'"([^"\n]*[\u4e00-\u9fff][^"\n]*)"', path.read_text("utf-8"))
        for right, others in GLOSSARY.items()
        for found in re.finditer(others, sentence)
    ]
    assert wrong == []
