"""Build the site: the English pages, and the Chinese ones in a folder of their own.

Each page is there as Markdown, too, and ``llms.txt`` lists those.

    python docs/_site/build.py [FOLDER]

It ends with 1 at the first warning, such as a link that leads nowhere. FOLDER is ``site`` unless
named. Nothing is fetched, neither now nor by a reader's browser.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from markdown_pages import write_markdown
from navigation import CHINESE
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent
DOCS = HERE.parent
LANGUAGES = {"en": "", CHINESE: "zh-CN"}


def main() -> int:
    """Build both languages, and return how the process is to end."""
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS.parent / "site"
    ends = [_build(site / folder, language) for language, folder in LANGUAGES.items()]
    for folder in LANGUAGES.values():
        write_markdown(site, folder)
    return int(any(ends))


def _build(folder: Path, language: str) -> int:
    with tempfile.TemporaryDirectory() as kept:
        strictly = ["-q", "-W", "--keep-going", "-E", "-d", kept]
        settings = ["-c", str(HERE), "-D", f"language={language}"]
        return build_main([*strictly, *settings, str(DOCS), str(folder)])


if __name__ == "__main__":
    sys.exit(main())
