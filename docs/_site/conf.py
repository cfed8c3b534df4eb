"""The site's settings, for Sphinx. ``build.py`` runs it once for each language."""

import re
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.config import Config

from growingio_tracker import VERSION

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from chinese_lines import join_lines
from chinese_search import ChineseSearch
from navigation import CHINESE, CHINESE_SUFFIX, PARTS, REPOSITORY, with_navigation

# ``build.py`` names the language with ``-D language=…``, which wins over this one.
language = "en"
project = "growingio_tracker"
project_copyright = "growingio_tracker"
release = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc"]
templates_path = ["templates"]
exclude_patterns = ["_site"]
source_suffix = {".md": "markdown"}

html_theme = "furo"
html_title = f"growingio_tracker {VERSION}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["copy.js"]
html_context = {"repository": REPOSITORY}
html_copy_source = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/links.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
highlight_language = "text"
pygments_dark_style = "github-dark"

myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

_OTHER_LANGUAGE = re.compile(r"^\[(?:English|中文)\]\([\w.-]+\.md\)\n\n", re.MULTILINE)
_ELSEWHERE = re.compile(r"(?<=\]\()\.\./")


def setup(app: Sphinx) -> None:
    """Say which files are pages in this language, and how they are read and found."""
    app.add_search_language(ChineseSearch)
    app.add_lexer("csv", TextLexer)
    app.connect("config-inited", _choose_pages)
    app.connect("source-read", _read_page)
    app.connect("doctree-read", _join_lines)
    app.connect("doctree-read", _draw_in_page)


def _choose_pages(app: Sphinx, config: Config) -> None:
    chinese = config.language == CHINESE
    pages = [page.name for page in Path(app.srcdir).glob("*.md")]
    others = [page for page in pages if page.endswith(CHINESE_SUFFIX) != chinese]
    config.exclude_patterns = [*config.exclude_patterns, *others]
    if chinese:
        config.source_suffix = {CHINESE_SUFFIX: "markdown"}


def _read_page(app: Sphinx, docname: str, source: list[str]) -> None:
    # The sidebar leads to the other language, whose pages another build makes.
    text = _OTHER_LANGUAGE.sub("", source[0], count=1)
    # What is outside of docs/ is no page of the site, but a file of the repository.
    text = _ELSEWHERE.sub(f"{REPOSITORY}/blob/main/", text)
    if docname == app.config.root_doc:
        text = with_navigation(text, PARTS, app.config.language)
    source[0] = text


def _join_lines(app: Sphinx, document: nodes.document) -> None:
    if app.config.language == CHINESE:
        join_lines(document)


def _draw_in_page(app: Sphinx, document: nodes.document) -> None:
    # A picture in a file follows the system's theme; one in the page can follow the reader's.
    for image in list(document.findall(nodes.image)):
        if image["uri"].endswith(".svg"):
            drawing = Path(app.srcdir, image["uri"]).read_text("utf-8")
            named = f'<svg role="img" aria-label="{escape(image["alt"])}"'
            image.replace_self(nodes.raw("", drawing.replace("<svg", named, 1), format="html"))
