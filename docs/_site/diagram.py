"""Draw docs/strategies.svg and its Chinese version: which strategy to choose, question by question.

python docs/_site/diagram.py
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[1]
WIDTH: Final = 720
STEP: Final = 84
STYLE: Final = (
    ".diagram{--ink:#1f2328;--line:#8c959f;--own:#0969da;--card:#fff;--question:#f6f8fa;"
    "--answer:#ddf4ff}"
    "@media(prefers-color-scheme:dark){.diagram{--ink:#e6edf3;--line:#6e7681;--own:#4493f8;"
    "--card:#0d1117;--question:#161b22;--answer:#0c2d6b}}"
    ".diagram text{font:14px sans-serif;fill:var(--ink);text-anchor:middle}"
    ".diagram .card{fill:var(--card)}.diagram .small{font-size:12px}"
    ".diagram .question{fill:var(--question);stroke:var(--line)}"
    ".diagram .answer{fill:var(--answer);stroke:var(--own)}"
    ".diagram path{stroke:var(--line);fill:none}"
)
# What may be lost comes first: it is the one question whose wrong answer is noticed too late.
TEXTS: Final = {
    "strategies.svg": (
        ("yes", "no"),
        ("Must queued events survive a crash or restart?", "DurableConsumer"),
        ("Do you only want to see what your code sends?", "local collector"),
        ("One event, and the caller waits for the response?", "DefaultConsumer"),
        ("May some calls wait while a batch is sent?", "BufferedConsumer"),
    ),
    "strategies.zh-CN.svg": (
        ("是", "否"),
        ("进程崩溃或重启后，队列中的事件必须还在？", "DurableConsumer"),
        ("只是想查看代码发送了什么？", "本地采集器"),
        ("只有一个事件，并且调用者要等待响应？", "DefaultConsumer"),
        ("部分调用可以等待一批事件发送完毕？", "BufferedConsumer"),
    ),
}


def render(name: str) -> str:
    """Return one of the two drawings."""
    (yes, no), *questions = TEXTS[name]
    height = STEP * (len(questions) + 1)
    parts = [
        f'<svg class="diagram" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" width="{WIDTH}" height="{height}" rx="8"/>',
    ]
    for number, (question, choice) in enumerate(questions):
        parts += _row(STEP * number + 16, question, choice, yes, no)
    parts.append(_box(20, STEP * len(questions) + 16, 400, "answer", "AsyncBufferedConsumer"))
    return "\n".join([*parts, "</svg>", ""])


def _row(top: int, question: str, choice: str, yes: str, no: str) -> list[str]:
    return [
        _box(20, top, 400, "question", question),
        _box(500, top, 200, "answer", choice),
        f'<path d="M420 {top + 22}H500"/><text class="small" x="460" y="{top + 16}">{yes}</text>',
        f'<path d="M220 {top + 44}V{top + STEP}"/>'
        f'<text class="small" x="236" y="{top + 68}">{no}</text>',
    ]


def _box(left: int, top: int, width: int, kind: str, text: str) -> str:
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="44" rx="6"/>'
        f'<text x="{left + width // 2}" y="{top + 27}">{escape(text)}</text>'
    )


if __name__ == "__main__":
    for file in TEXTS:
        (DOCS / file).write_text(render(file), encoding="utf-8")
