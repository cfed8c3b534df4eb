"""The details inside sentences in Chinese: what our decoders and their libraries say in English."""

import re
from typing import Final

_KINDS: Final = {
    "array": "数组",
    "object": "对象",
    "str": "文本",
    "int": "整数",
    "float": "小数",
    "bool": "布尔值",
    "null": "空值",
}
"""msgspec's names of JSON types."""

_DETAILS: Final = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        # JSON
        (r"Input data was truncated", "内容不完整"),
        (r"JSON is malformed: invalid character \(byte (\d+)\)", "第 {} 字节处有无效字符"),
        (r"JSON is malformed: trailing characters \(byte (\d+)\)", "第 {} 字节起有多余内容"),
        (r"JSON is malformed: .* \(byte (\d+)\)", "第 {} 字节处格式错误"),
        (r"it is not UTF-8 at byte (\d+)", "第 {} 字节处不是 UTF-8"),
        (r"its brackets do not match", "括号不匹配"),
        (r"Expected `(.+)`, got `(\w+)`(?: - at `(.+)`)?", "应为{}，实为{}"),
        (r"Integer value out of range(?: - at `.+`)?", "整数超出范围"),
        (r"Expected `int` .*", "整数超出范围"),
        # LZ-String
        (r"entry (\d+) does not exist", "字典中没有第 {} 项"),
        (r"it ends before its end mark", "在结束标记之前就结束了"),
        (r"(.+) is not in its alphabet", "{} 不在其字母表中"),
        (r"(U\+\w+) is not in its range", "{} 不在其范围内"),
        # LZ4
        (r"it ends too early", "过早结束"),
        (r"it ends within ([\d,]+) literal bytes", "在 {} 个原文字节之中就结束了"),
        (
            r"it refers ([\d,]+) bytes back, and ([\d,]+) exist",
            "引用了前 {} 个字节，而此前只有 {} 个",
        ),
        # snappy
        (r"it does not start with the length of one", "开头不是块的长度"),
        (
            r"it declares ([\d,]+) bytes, which ([\d,]+) bytes cannot hold",
            "声明有 {} 字节，而 {} 字节不可能装下",
        ),
        (r"snappy: corrupt input \(.*\)", "内容已损坏"),
        # protobuf
        (r"a text is not UTF-8", "有文本不是 UTF-8"),
        (r"field number (\d+) before byte (\d+)", "第 {1} 字节之前的字段编号为 {0}"),
        (r"wire type (\d) before byte (\d+)", "第 {1} 字节之前的类型为 {0}"),
        (
            r"([\d,]+) bytes announced at byte (\d+), ([\d,]+) left",
            "第 {1} 字节处声明有 {0} 字节，只剩 {2} 字节",
        ),
        (r"it ends within a number", "在一个数字之中就结束了"),
        (r"a number longer than (\d+) bytes at byte (\d+)", "第 {1} 字节处的数字超过 {0} 字节"),
    )
)


def in_chinese(detail: str) -> str:
    """Return ``detail`` in Chinese; as it is when it is none of ours."""
    for pattern, chinese in _DETAILS:
        found = pattern.fullmatch(detail)
        if found:
            return chinese.format(*(_kinds(part or "") for part in found.groups()))
    return detail


def _kinds(part: str) -> str:
    """Return ``part`` with the names of JSON types in Chinese, alternatives included."""
    names = part.split(" | ")
    if not all(name in _KINDS for name in names):
        return part
    return "或".join(_KINDS[name] for name in names)
