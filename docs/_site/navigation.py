"""The order of the site's pages. A new page is one more name here, and two files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

CHINESE: Final = "zh_CN"
CHINESE_SUFFIX: Final = ".zh-CN.md"
REPOSITORY: Final = "https://github.com/growingio/growingio-python-sdk-v3"


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
    Part("Start", "入门", ["self", "tutorial", "support", "migrating", "other-sdks"]),
    Part(
        "How to",
        "操作指南",
        [
            "strategies",
            "durable",
            "kafka",
            "frameworks",
            "identify",
            "testing",
            "collector",
            "tracking-plan",
            "typed-events",
            "gateway",
            "import",
            "spark",
            "scale",
            "experiments",
            "operations",
            "health",
            "processes",
            "privacy",
            "troubleshooting",
            "doctor",
        ],
    ),
    Part(
        "Look up",
        "参考",
        [
            "options",
            "configuration",
            "formats",
            "command-line",
            "reference",
        ],
    ),
    Part(
        "Understand",
        "深入了解",
        [
            "promises",
            "losses",
            "speed",
            "architecture",
            "decisions",
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
