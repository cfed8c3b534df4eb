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
    "text{font:14px sans-serif;fill:#1f2328;text-anchor:middle}.card{fill:#fff}"
    ".small{font-size:12px}.question{fill:#f6f8fa;stroke:#8c959f}.answer{fill:#ddf4ff;stroke:#0969da}"
    "path{stroke:#8c959f;fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.card{fill:#0d1117}"
    ".question{fill:#161b22;stroke:#6e7681}.answer{fill:#0c2d6b;stroke:#4493f8}}"
)
CHOICES: Final = (
    "DebugConsumer",
    "DefaultConsumer",
    "BufferedConsumer",
    "DurableConsumer",
)
TEXTS: Final = {
    "strategies.svg": (
        ("yes", "no"),
        "Do you only want to look at what is sent?",
        "Is it one event, whose answer you wait for?",
        "May a call wait now and then while a batch is sent?",
        "Must events outlive the process?",
    ),
    "strategies.zh-CN.svg": (
        ("是", "否"),
        "只是想看看发送了什么？",
        "只有一个事件，并且要等到服务器的响应？",
        "调用偶尔等待一批发送完毕，可以吗？",
        "进程死亡后，事件必须还在？",
    ),
}


def render(name: str) -> str:
    """Return one of the two drawings."""
    (yes, no), *questions = TEXTS[name]
    height = STEP * (len(questions) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" width="{WIDTH}" height="{height}" rx="8"/>',
    ]
    for number, (question, choice) in enumerate(zip(questions, CHOICES, strict=True)):
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
