"""QR codes of addresses for phones, as blocks in a terminal or a picture on the page."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from growingio_wire.errors import missing_extra

if TYPE_CHECKING:
    from segno import QRCode

_make: "Callable[[str], QRCode] | None"
try:
    from segno import make_qr as _make
except ModuleNotFoundError:  # older installations lack the package and show no codes
    _make = None

_QUIET: Final = 2
"""Light modules around a code; a scanner needs them to find it."""

_BLOCKS: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Two rows of modules in one line. Light ones are drawn: most terminals are dark."""


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


def _code(text: str) -> "QRCode":
    if _make is None:
        raise missing_extra("a QR code", "collector")
    return _make(text)
