"""Source tree of a plan: texts with their lines, and defects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from growingio_wire.errors import GrowingParamException
from growingio_wire.said import NOTHING, Said, harmless


class Node(NamedTuple):
    """One value of a plan file.

    ``value`` is a text as it is written there, a list, a mapping, or None for nothing.
    """

    value: str | list[Node] | dict[str, Node] | None
    line: int


class PlanTree(NamedTuple):
    """A file's tree, what already kept parts of it from being read, and what to know of it."""

    root: Node
    defects: Iterable[Defect] = ()
    notes: Iterable[Defect] = ()


_LINE: Final = Said("line {line}", "第 {line} 行")
_UNUSABLE: Final = Said(
    "plan: {source} cannot be used:\n{lines}", "plan：{source} 无法使用：\n{lines}"
)

DEFECTS: Final[Mapping[str, Said]] = {
    "too_large": Said(
        "The plan has over {most:,} {what}. Split it, or leave out what is not sent any more.",
        "方案超过 {most:,} {what}。请拆分，或删去不再发送的内容。",
    ),
    "not_text": Said(
        "The file is neither UTF-8 nor GBK. Save it as UTF-8.",
        "文件编码既不是 UTF-8 也不是 GBK。请保存为 UTF-8。",
    ),
    "read_as_gbk": Said(
        "The file is not UTF-8 and was read as GBK. Save it as UTF-8 if names look wrong.",
        "文件不是 UTF-8，已按 GBK 读取。若名称显示异常，请保存为 UTF-8。",
    ),
    "half_character": Said(
        "A string contains half a character (a lone surrogate). Write the character itself.",
        "字符串含有半个字符（孤立的代理项）。请直接写出该字符。",
    ),
    "too_deep": Said(
        "The YAML is nested too deeply. Write it with fewer levels.",
        "YAML 嵌套过深。请减少层级。",
    ),
    "not_yaml": Said(
        "This is not YAML: {detail}. Correct this line.",
        "不是有效的 YAML：{detail}。请修正这一行。",
    ),
    "not_a_mapping": Said(
        "This must be a mapping (name: value). Indent it below its name, without dashes.",
        "这里应为映射（名称: 值）。请缩进写在其名称之下，不要用短横线。",
    ),
    "not_a_text": Said(
        "This must be one value, not a list or a mapping. Write it on one line.",
        "这里应为单个值，而不是列表或映射。请写在一行内。",
    ),
    "not_a_list": Said("This must be a list, such as [a, b].", "这里应为列表，例如 [a, b]。"),
    "twice": Said(
        "{name} appears twice. Remove or rename one of them.",
        "{name} 重复出现。请删除或改名其中之一。",
    ),
    "no_name": Said("A name is empty. Write the name.", "名称为空。请填写名称。"),
    "unknown_field": Said(
        "Unknown field {name}. Known are: {known}.",
        "没有字段 {name}。可用的字段：{known}。",
    ),
    "unknown_field_near": Said(
        "Unknown field {name}. Did you mean {nearest}?",
        "没有字段 {name}。您要写的是 {nearest} 吗？",
    ),
    "not_one_of": Said(
        "{shown} is not one of: {known}. Use one of these.",
        "{shown} 不在可选值之内。请写以下之一：{known}。",
    ),
    "not_a_number": Said(
        "{shown} is not a number. Write it with digits, such as 0 or 99.5.",
        "{shown} 不是数字。请用数字书写，例如 0 或 99.5。",
    ),
    "wrong_pattern": Said(
        "{shown} is not a regular expression: {detail}. Correct it, or remove pattern.",
        "{shown} 不是有效的正则表达式：{detail}。请修正，或删去 pattern。",
    ),
    "empty_enum": Said(
        "The enum allows no value at all. List the values, or remove enum.",
        "enum 中没有任何值。请列出可选值，或删去 enum。",
    ),
    "enum_not_of_type": Said(
        "{shown} cannot be of type {wanted}. Correct the value or the type.",
        "{shown} 不是 {wanted} 类型。请改正该值或类型。",
    ),
    "alias_is_planned": Said(
        "The alias {name} is itself planned, or is an alias of another. Remove one of them.",
        "别名 {name} 本身已在方案中，或同时是另一项的别名。请删除其中之一。",
    ),
    "unknown_version": Said(
        "The plan's version is {shown}; this release knows 1. Write version: 1.",
        "方案的 version 为 {shown}；当前版本只支持 1。请写 version: 1。",
    ),
    "nothing_planned": Said(
        'The plan has no events, items or users. Start with "events:" and list them below.',
        "方案中没有 events、items 或 users。请先写一行“events:”，再在其下列出事件。",
    ),
    "no_column": Said(
        "The first row has no column {name}. Give every column its header in the first row.",
        "第一行缺少列 {name}。请在第一行写出各列的表头。",
    ),
    "too_many_cells": Said(
        "The row has more cells than the first row. Put values with commas in quotes.",
        "该行的单元格比表头多。含逗号的值请用引号括起来。",
    ),
    "no_event": Said(
        "The row has an attribute but no event, and no row above names one. Name the event.",
        "该行有属性却没有事件，上方也没有事件。请填写埋点事件标识符。",
    ),
    "column_ignored": Said(
        "The column {name} is not used. Known are: {known}.",
        "列 {name} 未使用。可用的列：{known}。",
    ),
    "not_xlsx": Said(
        "This workbook cannot be read ({detail}). Save it as XLSX again, or as CSV.",
        "无法读取该工作簿（{detail}）。请重新保存为 XLSX，或另存为 CSV。",
    ),
    "not_csv": Said(
        "This is not CSV: {detail}. Correct this row.", "不是有效的 CSV：{detail}。请修正这一行。"
    ),
}


class Defect(msgspec.Struct, frozen=True):
    """One thing that is wrong with a plan file.

    ``line`` counts from 1 (in CSV the row); 0 means the whole file. ``field`` is the place by
    names (``events.pay.attributes.amount.type``), empty for the whole.
    """

    code: str
    line: int
    field: str = ""
    values: Mapping[str, object] = {}

    @property
    def said(self) -> Said:
        """The problem, and how to fix it."""
        return DEFECTS[self.code].with_values(**self.values)

    @property
    def placed(self) -> Said:
        """The place, and what is wrong there."""
        line = _LINE.with_values(line=self.line) if self.line else NOTHING
        en = ", ".join(filter(None, (line.en, self.field)))
        zh = "，".join(filter(None, (line.zh, self.field)))
        if not en:
            return self.said
        return Said(f"{en}: {self.said.en}", f"{zh}：{self.said.zh}")

    def __str__(self) -> str:
        return self.placed.en


class PlanError(GrowingParamException):
    """A plan cannot be used; ``defects`` are all that was found, in the order of the file.

    Nothing was changed: a plan that was in use before still is.
    """

    def __init__(self, source: str, defects: Iterable[Defect]) -> None:
        self.defects = tuple(sorted(defects, key=lambda defect: defect.line))
        lines = [defect.placed for defect in self.defects]
        said = _UNUSABLE.with_values(
            source=source,
            lines=Said(_indented(one.en for one in lines), _indented(one.zh for one in lines)),
        )
        super().__init__(said, "plan", code="defects", values={"source": source})


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {harmless(line)}" for line in lines)
