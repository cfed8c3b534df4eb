"""What is wrong with a plan file, and where."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector.terminal import harmless
from growingio_tracker.exceptions import GrowingParamException


class _Said(NamedTuple):
    en: str
    zh: str


DEFECTS: Final[Mapping[str, _Said]] = {
    "too_large": _Said(
        "The plan has over {most:,} {what}. Split it, or leave out what is not sent any more.",
        "方案超过 {most:,} {what}。请拆分，或删去不再发送的内容。",
    ),
    "not_text": _Said(
        "The file is neither UTF-8 nor GBK. Save it as UTF-8.",
        "文件编码既不是 UTF-8 也不是 GBK。请保存为 UTF-8。",
    ),
    "read_as_gbk": _Said(
        "The file is not UTF-8 and was read as GBK. Save it as UTF-8 if names look wrong.",
        "文件不是 UTF-8，已按 GBK 读取。若名称显示异常，请保存为 UTF-8。",
    ),
    "half_character": _Said(
        "A text holds half a character (a lone surrogate). Write the character itself.",
        "文本含有半个字符（孤立的代理项）。请直接写出该字符。",
    ),
    "not_yaml": _Said(
        "This is not YAML: {detail}. Mend this line.", "不是有效的 YAML：{detail}。请修正这一行。"
    ),
    "not_a_mapping": _Said(
        "This must be a mapping (name: value). Indent it below its name, without dashes.",
        "这里应为映射（名称: 值）。请缩进写在其名称之下，不要用短横线。",
    ),
    "not_a_text": _Said(
        "This must be one value, not a list or a mapping. Write it on one line.",
        "这里应为单个值，而不是列表或映射。请写在一行内。",
    ),
    "not_a_list": _Said("This must be a list, such as [a, b].", "这里应为列表，例如 [a, b]。"),
    "twice": _Said(
        "{name} stands here twice. Remove or rename one of them.",
        "{name} 重复出现。请删除或改名其中之一。",
    ),
    "no_name": _Said("A name is empty. Write the name.", "名称为空。请填写名称。"),
    "unknown_field": _Said(
        "There is no field {name}. Known are: {known}.",
        "没有字段 {name}。可用的字段：{known}。",
    ),
    "unknown_field_near": _Said(
        "There is no field {name}. Did you mean {nearest}?",
        "没有字段 {name}。您要写的是 {nearest} 吗？",
    ),
    "not_one_of": _Said(
        "{shown} is none of: {known}. Write one of these.",
        "{shown} 不在可选值之内。请写以下之一：{known}。",
    ),
    "wrong_pattern": _Said(
        "{shown} is not a regular expression: {detail}. Mend it, or remove pattern.",
        "{shown} 不是有效的正则表达式：{detail}。请修正，或删去 pattern。",
    ),
    "empty_enum": _Said(
        "The enum allows no value at all. List the values, or remove enum.",
        "enum 中没有任何值。请列出可选值，或删去 enum。",
    ),
    "enum_not_of_type": _Said(
        "{shown} cannot be of type {wanted}. Correct the value or the type.",
        "{shown} 不是 {wanted} 类型。请改正该值或类型。",
    ),
    "alias_is_planned": _Said(
        "The alias {name} is itself planned, or is an alias of another. Remove one of them.",
        "别名 {name} 本身已在方案中，或同时是另一项的别名。请删除其中之一。",
    ),
    "unknown_version": _Said(
        "The plan's version is {shown}; this release knows 1. Write version: 1.",
        "方案的 version 为 {shown}；当前版本只支持 1。请写 version: 1。",
    ),
    "nothing_planned": _Said(
        "The plan names neither events nor items. Begin with a line events: and put them below.",
        "方案中既没有 events 也没有 items。请先写一行 events:，再在其下列出事件。",
    ),
    "no_column": _Said(
        "The first row has no column {name}. Give every column its header in the first row.",
        "第一行缺少列 {name}。请在第一行写出各列的表头。",
    ),
    "too_many_cells": _Said(
        "The row has more cells than the first row. Put values with commas in quotes.",
        "该行的单元格比表头多。含逗号的值请用引号括起来。",
    ),
    "no_event": _Said(
        "The row has an attribute but no event, and no row above names one. Name the event.",
        "该行有属性却没有事件，上方也没有事件。请填写事件名。",
    ),
    "not_csv": _Said(
        "This is not CSV: {detail}. Mend this row.", "不是有效的 CSV：{detail}。请修正这一行。"
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
    values: dict[str, str | int] = {}

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in English."""
        return DEFECTS[self.code].en.format_map(self.values)

    @property
    def sentence_zh(self) -> str:
        """What is wrong and what to do, in Chinese."""
        return DEFECTS[self.code].zh.format_map(self.values)

    def __str__(self) -> str:
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.field)))
        return f"{place}: {self.sentence}" if place else self.sentence

    @property
    def said_in_chinese(self) -> str:
        """The place and the sentence in Chinese."""
        line = f"第 {self.line} 行" if self.line else ""
        place = "，".join(filter(None, (line, self.field)))
        return f"{place}：{self.sentence_zh}" if place else self.sentence_zh


class PlanError(GrowingParamException):
    """A plan cannot be used; ``defects`` are all that was found, in the order of the file.

    ``source`` is what it was read from.

    Nothing was changed: a plan that was in use before still is.
    """

    def __init__(self, source: str, defects: Iterable[Defect]) -> None:
        self.source = source
        self.defects = tuple(sorted(defects, key=lambda defect: defect.line))
        lines = "\n".join(f"  {harmless(str(defect))}" for defect in self.defects)
        super().__init__(f"plan: {source} cannot be used:\n{lines}")

    @property
    def said_in_chinese(self) -> str:
        """What the error says, in Chinese."""
        lines = "\n".join(f"  {harmless(defect.said_in_chinese)}" for defect in self.defects)
        return f"plan：{self.source} 无法使用：\n{lines}"
