"""The order of the site's pages. A new page is one more name here, and two files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

CHINESE: Final = "zh_CN"
CHINESE_SUFFIX: Final = ".zh-CN.md"


class Part(NamedTuple):
    """One part of the site.

    :param english: its heading.
    :param chinese: its heading on the Chinese pages.
    :param pages: the names of its pages under docs/, without a suffix; ``self`` is the first page.
    """

    english: str
    chinese: str
    pages: Sequence[str]


PARTS: Final = (
    Part("Begin", "入门", ["self"]),
    Part(
        "Use",
        "使用",
        [
            "strategies",
            "formats",
            "configuration",
            "options",
            "frameworks",
            "experiments",
            "processes",
            "import",
            "spark",
            "scale",
        ],
    ),
    Part(
        "Look and test",
        "查看与测试",
        [
            "testing",
            "collector",
            "tracking-plan",
            "gateway",
            "command-line",
            "doctor",
        ],
    ),
    Part(
        "Rely on it",
        "可靠性",
        [
            "durable",
            "operations",
            "promises",
            "losses",
            "speed",
        ],
    ),
    Part(
        "Come from elsewhere",
        "迁移",
        [
            "migrating",
            "other-sdks",
        ],
    ),
    Part(
        "Reference",
        "参考",
        [
            "reference",
            "architecture",
        ],
    ),
)


def with_navigation(page: str, parts: Sequence[Part], language: str) -> str:
    """Return the first page with the list of all others, which only the sidebar shows."""
    return page + "".join(_toctree(part, language) for part in parts)


def _toctree(part: Part, language: str) -> str:
    caption = part.chinese if language == CHINESE else part.english
    pages = "\n".join(part.pages)
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"
