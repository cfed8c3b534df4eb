"""The pages as Markdown beside their HTML, and ``llms.txt``, their list for language models."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from navigation import CHINESE_SUFFIX, PARTS, REPOSITORY, Part

DOCS: Final = Path(__file__).parents[1]
INTRODUCTION: Final = """# growingio_tracker

> The server-side event SDK for GrowingIO in Python: typed calls, delivery strategies that account
> for every event, a local collector for tests, and a command line.

Code examples are run by the project's tests. The Chinese pages are in zh-CN/.
"""

_LINK: Final = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
_GENERATED: Final = re.compile(r"```{eval-rst}\n(.*?)```\n", re.DOTALL)
_DIRECTIVE: Final = re.compile(
    r"^\.\. auto\w+:: (\S+)$(.*?)(?=^\.\. |\Z)", re.MULTILINE | re.DOTALL
)


def write_markdown(site: Path, folder: str) -> None:
    """Write the pages of the language in ``folder`` (empty for English), and their ``llms.txt``."""
    target = site / folder
    for name in (page for part in PARTS for page in part.pages):
        page = _file(name, bool(folder))
        text = _GENERATED.sub(_described, page.read_text("utf-8"))
        linked = _LINK.sub(lambda link: f"]({_moved(link[1], bool(folder))}", text)
        (target / f"{_stem(name)}.md").write_text(linked, "utf-8")
    for picture in (*DOCS.glob("*.svg"), *DOCS.glob("images/*.png")):
        copy = target / picture.relative_to(DOCS)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(picture, copy)
    if not folder:
        (site / "llms.txt").write_text(llms_txt(), "utf-8")


def llms_txt() -> str:
    """Return the index: each page with the first sentence behind its title."""
    return INTRODUCTION + "".join(_section(part) for part in PARTS)


def _section(part: Part) -> str:
    lines = [f"- [{_title(page)}]({_stem(page)}.md): {_summary(page)}" for page in part.pages]
    return "\n".join([f"\n## {part.english}\n", *lines, ""])


def _stem(page: str) -> str:
    return "index" if page == "self" else page


def _file(page: str, chinese: bool) -> Path:
    return DOCS / f"{_stem(page)}{CHINESE_SUFFIX if chinese else '.md'}"


def _title(page: str) -> str:
    return _file(page, chinese=False).read_text("utf-8").split("\n", 1)[0].removeprefix("# ")


def _summary(page: str) -> str:
    paragraphs = _file(page, chinese=False).read_text("utf-8").split("\n\n")[2:]
    prose = next(one for one in paragraphs if re.match(r"[\w*]|`(?!``)", one))
    sentence = re.split(r"(?<=[.?:]) ", " ".join(prose.split()), maxsplit=1)[0]
    return re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", sentence).rstrip(":")


def _moved(link: str, chinese: bool) -> str:
    """Return where a link of a page under docs/ leads to from the Markdown in the site."""
    if link.startswith("../"):
        return f"{REPOSITORY}/blob/main/{link.removeprefix('../')}"
    if link.endswith(CHINESE_SUFFIX):
        page = link.removesuffix(CHINESE_SUFFIX) + ".md"
        return page if chinese else f"zh-CN/{page}"
    return f"../{link}" if chinese and link.endswith(".md") else link


def _described(block: re.Match[str]) -> str:
    """Return as Markdown what the site generates from docstrings."""
    return "\n".join(
        line for found in _DIRECTIVE.finditer(block[1]) for line in _entry(found[1], found[2])
    )


def _entry(path: str, options: str) -> Iterator[str]:
    one = _resolve(path)
    signature = "" if inspect.ismodule(one) else _signature(one)
    yield f"### `{path}{signature}`\n\n{inspect.getdoc(one) or ''}\n"
    if ":members:" not in options:
        return
    named = re.search(r":members: (\S.*)", options)
    for name in named[1].split(", ") if named else _members(one):
        member = inspect.getattr_static(one, name)
        shown = getattr(member, "fget", None) or getattr(one, name)
        if (text := inspect.getdoc(shown)) and callable(shown):
            yield f"#### `{name}{_signature(shown)}`\n\n{text}\n"


def _resolve(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:
        return importlib.import_module(path)


def _members(one: Any) -> list[str]:
    if inspect.ismodule(one):
        return list(one.__all__)
    return [name for name in vars(one) if not name.startswith("_")] if inspect.isclass(one) else []


def _signature(one: Any) -> str:
    try:
        return str(inspect.signature(one))
    except (TypeError, ValueError):
        return ""
