"""Pages for the browser: the files of the folder ``page``, the choice at ``/``, and QR codes.

There is no build step, and nothing is loaded from elsewhere. Scripts insert received data into the
page as text; the files themselves never change while the collector runs.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from growingio_wire.errors import missing_data, missing_extra
from growingio_wire.said import Said

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from segno import QRCode

_make: Callable[[str], QRCode] | None
try:
    from segno import make_qr as _make
except ModuleNotFoundError:  # older installations lack the package and show no codes
    _make = None

LANGUAGES: Final = ("zh-CN", "en")

_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Fixed, because the types configured on a machine may be wrong for scripts."""

_ICONS: Final = ("/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png")
_LANG: Final = b'<html lang="en"'

_PACKAGE: Final = "growingio_collector"

_QUIET: Final = 2
"""Light modules around a code; a scanner needs them to find it."""

_BLOCKS: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Two rows of modules in one line. Light ones are drawn: most terminals are dark."""


class _File(NamedTuple):
    """One file of the page, ready to be sent."""

    content: bytes
    media_type: str
    tag: str


def _file(name: str, content: bytes) -> _File:
    suffix = name[name.rindex(".") :]
    tag = hashlib.sha256(content).hexdigest()[:20]
    return _File(content, _MEDIA_TYPES[suffix], f'"{tag}"')


def _page() -> dict[str, _File]:
    """Return the page's files by name, also from a zip or a frozen program.

    :raises GrowingError: if the program was packed without them.
    """
    folder = files(_PACKAGE) / "page"
    if not folder.is_dir():
        raise missing_data("the page of the collector", _PACKAGE)
    return dict(_below(folder))


def _below(folder: Traversable, path: str = "") -> Iterator[tuple[str, _File]]:
    for entry in folder.iterdir():
        name = path + entry.name
        if entry.is_dir():
            yield from _below(entry, f"{name}/")
        elif "." in entry.name:
            yield name, _file(name, entry.read_bytes())


def preferred_language(accepted: str) -> str:
    """Return the one of ``LANGUAGES`` that an ``Accept-Language`` header prefers.

    English if it names neither, or is empty.
    """
    ranked = sorted(map(_weighted, accepted.split(",")), key=lambda one: -one[1])
    for tag, weight in ranked:
        if weight > 0 and tag.startswith(("zh", "en")):
            return "zh-CN" if tag.startswith("zh") else "en"
    return "en"


def _weighted(part: str) -> tuple[str, float]:
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return tag, float(weight or 1)
    except ValueError:
        return tag, 0.0


def _answer(request: Request, file: _File) -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)


class _Pages:
    """The handlers, over the files as they were when the collector started."""

    def __init__(self, text: Callable[[], str], language: Callable[[], str]) -> None:
        self._text = text
        self._language = language
        self._files = _page()
        index = self._files.pop("index.html").content
        self._index = {
            language: _file("index.html", index.replace(_LANG, f'<html lang="{language}"'.encode()))
            for language in LANGUAGES
        }

    def home(self, request: Request) -> Response:
        """``GET /``: the page for clients that accept HTML, text for all others."""
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(self._text(), headers={"Vary": "Accept"})
        answer = _answer(request, self._index[self._language_for(request)])
        answer.headers["Vary"] = "Accept, Accept-Language"
        return answer

    def _language_for(self, request: Request) -> str:
        chosen = self._language()
        if chosen in LANGUAGES:
            return chosen
        return preferred_language(request.headers.get("accept-language", ""))

    def icon(self, request: Request) -> Response:
        """Answer the icon request that browsers send automatically."""
        return _answer(request, self._files["icon.svg"])

    def asset(self, request: Request) -> Response:
        """``GET /page/…``: one file of the page."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("Nothing is here.\n", 404)
        return _answer(request, file)


def routes(text: Callable[[], str], language: Callable[[], str]) -> list[BaseRoute]:
    """Return the routes of ``/`` and of the page's files.

    :param text: returns the text for clients that do not accept HTML.
    :param language: returns one of ``LANGUAGES``, or ``"auto"`` for the browser's.
    """
    pages = _Pages(text, language)
    icons = [Route(path, pages.icon, methods=["GET"]) for path in _ICONS]
    return [
        *icons,
        Route("/", pages.home, methods=["GET"]),
        Route("/page/{name:path}", pages.asset, methods=["GET"]),
    ]


def as_blocks(text: str) -> str:
    """Return the code of ``text`` as lines of block characters, two rows of modules each.

    :raises MissingExtraError: if the package for it is not installed.
    """
    rows = [list(row) for row in _code(text).matrix_iter(border=_QUIET)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(_BLOCKS[bool(above), bool(below)] for above, below in zip(*pair, strict=True))
        for pair in pairs
    )


def as_svg(text: str) -> bytes:
    """Return the code of ``text`` as an SVG picture, black on white.

    :raises MissingExtraError: if the package for it is not installed.
    """
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=_QUIET, light="white", svgclass=None, lineclass=None)
    return out.getvalue()


def _code(text: str) -> QRCode:
    if _make is None:
        raise missing_extra(Said("a QR code", "二维码"), "collector")
    return _make(text)
